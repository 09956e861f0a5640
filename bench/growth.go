package main

import (
	"math"
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
