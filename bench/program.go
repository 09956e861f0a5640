package main

import (
	"fmt"
	"os/exec"
	"slices"
	"time"
)

// program measures the program itself: its size and how long it takes to start.
func program(b *bench) (section, error) {
	s := section{Name: "Program"}
	var took []time.Duration
	for range b.scale.Program {
		began := time.Now()
		if err := exec.Command(b.program, "version").Run(); err != nil {
			return s, fmt.Errorf("nlrec version: %w", err)
		}
		took = append(took, time.Since(began))
	}
	size, start := fileSize(b.program), median(took)
	s.Goals = []goal{
		{"size, stripped", "16 MB", megabytes(size), within(size < 16e6)},
		{"`nlrec version` starts and ends in", "20 ms", span(start), within(start < 20*time.Millisecond)},
	}
	return s, nil
}

// median returns the one in the middle.
func median(all []time.Duration) time.Duration { return quantile(all, 0.5) }

// quantile returns the smallest that at least a part of them do not exceed.
func quantile(all []time.Duration, part float64) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, int(part*float64(len(sorted))))]
}
