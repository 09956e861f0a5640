package main

import (
	"fmt"
	"strconv"
	"time"
)

// whole writes a whole number with its thousands apart.
func whole[T int | int64](n T) string {
	if n < 0 {
		return "-" + whole(-n)
	}
	if n < 1000 {
		return strconv.FormatInt(int64(n), 10)
	}
	return fmt.Sprintf("%s,%03d", whole(n/1000), n%1000)
}

// figure writes three digits of a number, or all before the point.
func figure(f float64) string {
	switch {
	case f >= 1000:
		return whole(int64(f + 0.5))
	case f >= 100:
		return strconv.FormatFloat(f, 'f', 0, 64)
	case f >= 10:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 2, 64)
}

func times(f float64) string { return figure(f) + " ×" }

func megabytes(n int64) string { return figure(float64(n)/1e6) + " MB" }

// span writes a duration in the unit that suits it.
func span(d time.Duration) string {
	switch {
	case d >= time.Second:
		return figure(d.Seconds()) + " s"
	case d >= time.Millisecond:
		return figure(float64(d)/1e6) + " ms"
	}
	return figure(float64(d)/1e3) + " µs"
}

// spanOf is span of a number of seconds.
func spanOf(seconds float64) string { return span(time.Duration(seconds * float64(time.Second))) }

// counted says how many there are of something.
func counted[T int | int64](n T, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return whole(n) + " " + many
}
