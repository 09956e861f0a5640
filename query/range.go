package query

// Ranges of the timeline among the arguments of a command: A..B, where an end
// that is left out is that of the recording.

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"
)

// CutRange takes a range A..B out of the arguments of a command. One that
// stands first need not hold instants, so that whoever mistypes one is told;
// elsewhere it may be the value of a filter.
func CutRange(args []string, loc *time.Location) (since, until string, words []string, found bool) {
	for i, arg := range args {
		a, b, ok := strings.Cut(arg, "..")
		if ok && (i == 0 || isEnd(a, loc) && isEnd(b, loc)) {
			return strings.TrimSpace(a), strings.TrimSpace(b), slices.Delete(slices.Clone(args), i, i+1), true
		}
	}
	return "", "", args, false
}

func isEnd(text string, loc *time.Location) bool {
	_, err := ParseInstant(text, time.Now(), loc)
	return text == "" || err == nil
}

// CutInstants parts the instants that the arguments of a command begin with
// from the words of a filter behind them. They may also be written A..B. Where
// there is but one, the other is the latest there is.
func CutInstants(args []string, loc *time.Location) (from, to string, words []string) {
	if a, b, words, ok := CutRange(args, loc); ok {
		return cmp.Or(a, "last"), cmp.Or(b, "last"), words
	}
	if len(args) > 1 {
		_, err := ParseInstant(args[1], time.Now(), loc)
		if err == nil || strings.ContainsAny(args[1][:min(1, len(args[1]))], "#@0123456789") {
			return args[0], args[1], args[2:]
		}
	}
	return args[0], "last", args[1:]
}

// A Range is what a span has turned out to be. Instants are microseconds since
// 1970; 0 stands for an end that nobody gave.
type Range struct {
	From, To    int64
	First, Last int64 // ids of its changes; both 0: there are none
}

// Range finds what a span is. It fails as Log does.
func (c *Changes) Range(ctx context.Context, s Span) (Range, error) {
	w, err := c.bound(ctx, s)
	r := Range{From: w.from, To: w.to, First: w.first, Last: w.last}
	if w.from == math.MinInt64 {
		r.From = 0
	}
	if w.to == math.MaxInt64 {
		r.To = 0
	}
	if w.first > w.last {
		r.First, r.Last = 0, 0
	}
	return r, err
}
