package main

import "time"

// A scale says how much of everything is measured.
type scale struct {
	Name string

	Routes []int // that come and go: 1, 10 and 100 times as many
	Flaps  int   // changes of Flapping routes
	NDB    int   // routes that come and go before NDB, which is slow
	Runs   int   // times that each question is asked
	Dumps  int   // times that each dump is made

	Idle   time.Duration // how long nothing happens, and how long there is a change a second
	Day    int           // the day is simulated once in so many of its events
	Step   time.Duration // between two of them
	Waits  int           // changes of which each is waited for
	Loaded time.Duration // how long 10,000 changes a second last

	Changes []int // lengths of histories
	Objects []int // whose they are
	Program int   // starts of nlrec version
}

// flapping is how many routes flap.
const flapping = 1000

func scales() map[string]scale {
	return map[string]scale{
		"small": {Name: "small", Routes: []int{200, 2000, 20_000}, Flaps: 20_000, NDB: 500, Runs: 3, Dumps: 2,
			Idle: 3 * time.Second, Day: 50, Step: 10 * time.Millisecond, Waits: 20, Loaded: time.Second,
			Changes: []int{500, 5000, 50_000}, Objects: []int{1000, 5000}, Program: 5},
		"full": {Name: "full", Routes: []int{10_000, 100_000, 1_000_000}, Flaps: 1_000_000, NDB: 500, Runs: 5, Dumps: 3,
			Idle: 3 * time.Minute, Day: 1, Step: 30 * time.Millisecond, Waits: 300, Loaded: 10 * time.Second,
			Changes: []int{100_000, 1_000_000, 10_000_000}, Objects: []int{1000, 500_000}, Program: 20},
	}
}
