package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nlrec/query"
	"nlrec/store"
)

// smallestSize is what --max-size must be at least: below, what SQLite needs
// beside the changes counts for more than they do.
const smallestSize = 8 << 20

// limitFlags are the flags for how much of the past is kept.
func limitFlags(cmd *cobra.Command, l *store.Limits) {
	cmd.Flags().Var(spanFlag{&l.Keep}, "keep", "remove changes that are older, as 30d or 1y")
	cmd.Flags().Var(sizeFlag{&l.MaxSize}, "max-size", "remove the oldest changes when the recording takes more, as 2GiB")
	cmd.Flags().Var(freeFlag{l}, "keep-free", "leave that much of the file system to others, as 10% or 5GiB")
}

// spanFlag is a span of time.
type spanFlag struct{ span *time.Duration }

func (f spanFlag) Type() string { return "SPAN" }

func (f spanFlag) String() string {
	if f.span == nil || *f.span == 0 {
		return ""
	}
	return query.FormatSpan(*f.span)
}

func (f spanFlag) Set(text string) error {
	span, err := query.ParseSpan(text)
	if err == nil && span < 0 {
		err = fmt.Errorf("%s: a span of time in the past is expected", query.Visible(text))
	}
	if err == nil {
		*f.span = span
	}
	return err
}

// sizeFlag is a number of octets; 0: no limit.
type sizeFlag struct{ octets *int64 }

func (f sizeFlag) Type() string { return "SIZE" }

func (f sizeFlag) String() string {
	if f.octets == nil || *f.octets == 0 {
		return ""
	}
	return size(*f.octets)
}

func (f sizeFlag) Set(text string) error {
	octets, err := parseSize(text)
	if err == nil && octets != 0 && octets < smallestSize {
		err = fmt.Errorf("at least %s are needed", size(smallestSize))
	}
	if err == nil {
		*f.octets = octets
	}
	return err
}

// freeFlag is how much to leave: octets, or a share.
type freeFlag struct{ limits *store.Limits }

func (f freeFlag) Type() string { return "SIZE|PERCENT" }

func (f freeFlag) String() string {
	switch {
	case f.limits == nil:
		return ""
	case f.limits.FreeShare > 0:
		return strconv.FormatFloat(f.limits.FreeShare*100, 'g', 6, 64) + "%"
	}
	return sizeFlag{&f.limits.KeepFree}.String()
}

func (f freeFlag) Set(text string) error {
	if percent, ok := strings.CutSuffix(text, "%"); ok {
		n, err := strconv.ParseFloat(percent, 64)
		if err != nil || !(n >= 0 && n < 100) {
			return fmt.Errorf("a share is expected, as 10%%")
		}
		f.limits.FreeShare, f.limits.KeepFree = n/100, 0
		return nil
	}
	octets, err := parseSize(text)
	if err == nil {
		f.limits.FreeShare, f.limits.KeepFree = 0, octets
	}
	return err
}

// parseSize reads a number of octets: 2GiB, 2G and 2147483648 are the same, as in
// journald.conf(5); 2GB is a little less.
func parseSize(text string) (int64, error) {
	m := regexp.MustCompile(`^(\d{1,15}(?:\.\d{1,6})?)\s*(?:([KMGT])(iB|B)?|B)?$`).FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("a size is expected, as 500MiB or 2GiB")
	}
	n, err := strconv.ParseFloat(m[1], 64)
	unit := 1024.0
	if m[3] == "B" {
		unit = 1000
	}
	for range strings.Index("KMGT", m[2]) + min(1, len(m[2])) {
		n *= unit
	}
	if err != nil || n > 1<<60 {
		return 0, fmt.Errorf("the size is too large")
	}
	return int64(n), nil
}
