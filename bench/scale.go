package main

// A scale says how much of everything is measured.
type scale struct {
	Name string

	Routes  []int // that come and go: 1, 10 and 100 times as many
	Flaps   int   // changes of Flapping routes
	NDB     int   // routes that come and go before NDB, which is slow
	Runs    int   // repetitions where the median counts
	Program int   // starts of nlrec version
}

// flapping is how many routes flap.
const flapping = 1000

func scales() map[string]scale {
	return map[string]scale{
		"small": {Name: "small", Routes: []int{200, 2000, 20_000}, Flaps: 20_000, NDB: 500, Runs: 3, Program: 5},
		"full":  {Name: "full", Routes: []int{10_000, 100_000, 1_000_000}, Flaps: 1_000_000, NDB: 10_000, Runs: 5, Program: 20},
	}
}
