package main

import (
	"fmt"
	"math"
	"strings"
)

// A curve is how something grows.
type curve struct {
	Name   string
	X, Y   string // what the axes are
	Plot   string // name of the plot it is in; empty: none
	Points []point
}

type point struct{ X, Y float64 }

// exponent returns e of the power law y = c·xᵉ that fits best: the slope of the
// line through the logarithms.
func (c curve) exponent() float64 {
	var n, sx, sy, sxx, sxy float64
	for _, p := range c.Points {
		x, y := math.Log(p.X), math.Log(p.Y)
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

// growthTable is of all curves.
func growthTable(sections []section) table {
	t := table{Head: []string{"subject", "what", "over", "values", "exponent"}}
	for _, s := range sections {
		for _, c := range s.Curves {
			t.Rows = append(t.Rows, []string{s.Name, c.what(), c.over(), c.values(), fmt.Sprintf("%.2f", c.exponent())})
		}
	}
	return t
}

// what names the curve, and its unit where the values do not.
func (c curve) what() string {
	if c.Y == "bytes" || c.Y == "s" {
		return c.Name
	}
	return c.Name + ": " + c.Y
}

func (c curve) over() string {
	var at []string
	for _, p := range c.Points {
		at = append(at, whole(int64(p.X)))
	}
	return strings.Join(at, ", ") + " " + c.X
}

// values are in the unit of the axis.
func (c curve) values() string {
	var at []string
	for _, p := range c.Points {
		switch c.Y {
		case "bytes":
			at = append(at, size(p.Y))
		case "s":
			at = append(at, spanOf(p.Y))
		default:
			at = append(at, figure(p.Y))
		}
	}
	return strings.Join(at, "; ")
}
