package main

// The text of ip(8) in colours, as ip -c has them where they can be read on a
// light and on a dark terminal: links, addresses by their family, and what is
// well or is not.

import (
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

const (
	linkColour = "\x1b[36m"
	mac        = "\x1b[33m"
	inet       = "\x1b[35m"
	inet6      = "\x1b[94m"
	well       = "\x1b[32m"
	ill        = "\x1b[31m"
)

// conditions are words that tell how something is.
var conditions = map[string]string{
	"UP": well, "REACHABLE": well, "DOWN": ill, "LOWERLAYERDOWN": ill, "FAILED": ill, "INCOMPLETE": ill,
	"blackhole": ill, "unreachable": ill, "prohibit": ill, "throw": ill, "dead": ill, "linkdown": ill, "dadfailed": ill,
}

// painted gives the words of a line their colours. The line has no escape of
// its own: what the kernel told was made harmless before.
func painted(line string) string {
	if strings.HasPrefix(line, "    alias ") {
		return line
	}
	words := strings.Split(line, " ")
	for i, word := range words {
		before := ""
		if i > 0 {
			before = words[i-1]
		}
		words[i] = paintWord(word, before)
	}
	if head := regexp.MustCompile(`^\d+: ([^ @]+)(@[^ ]+)?:$`).FindStringSubmatch(strings.Join(words[:min(2, len(words))], " ")); head != nil {
		words[1] = linkColour + head[1] + plain + head[2] + ":"
	}
	return strings.Join(words, " ")
}

func paintWord(word, before string) string {
	bare := strings.Trim(word, "\t")
	colour := conditions[bare]
	switch {
	case bare == "":
		return word
	case slices.Contains([]string{"dev", "master", "iif", "oif"}, before):
		colour = linkColour
	case strings.Contains(bare, ":") && isMAC(bare):
		colour = mac
	case familyColour(bare) != "":
		colour = familyColour(bare)
	}
	if colour == "" {
		return word
	}
	return strings.Replace(word, bare, colour+bare+plain, 1)
}

func isMAC(word string) bool {
	_, err := net.ParseMAC(word)
	return err == nil
}

// familyColour is that of an address or a prefix; empty: it is none.
func familyColour(word string) string {
	host, _, _ := strings.Cut(word, "/")
	a, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return ""
	case a.Is4():
		return inet
	}
	return inet6
}
