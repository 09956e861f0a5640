package query

// The text of ip -br: an object is a line, with what is asked for most.

import (
	"fmt"
	"strings"
)

// briefKinds are the kinds that ip shows so, by what makes their lines.
var briefKinds = map[string]func(object) string{"link": briefLink, "address": briefAddresses, "neighbour": briefNeighbour}

func briefLink(o object) string {
	return briefHead(o) + spaced(o.get("address")) + "<" + shown(o.get("flags")) + "> \n"
}

func briefAddresses(o object) string {
	var b strings.Builder
	b.WriteString(briefHead(o))
	list, _ := o.get("addr_info").([]any)
	for _, v := range list {
		a, _ := v.(object)
		b.WriteString(shown(a.get("local")))
		if peer := a.get("address"); peer != nil {
			b.WriteString(" peer " + shown(peer))
		}
		fmt.Fprintf(&b, "/%d ", a.get("prefixlen"))
		if metric := a.get("metric"); metric != nil {
			b.WriteString("metric " + shown(metric) + " ")
		}
	}
	return b.String() + "\n"
}

func briefNeighbour(o object) string {
	return strings.TrimRight(fmt.Sprintf("%-39s %-16s %s", shown(o.get("dst")), shown(o.get("dev")), spaced(o.get("lladdr"))), " ") + "\n"
}

// briefHead is the name of a link, with what is below it, and its state.
func briefHead(o object) string {
	name := shown(o.get("ifname"))
	if below := o.get("link"); below != nil {
		name += "@" + shown(below)
	} else if index := o.get("link_index"); index != nil {
		name += "@if" + shown(index)
	}
	return fmt.Sprintf("%-16s %-14s ", name, shown(o.get("operstate")))
}

// spaced is a value with a space behind it; nothing for none.
func spaced(v any) string {
	if v == nil {
		return ""
	}
	return shown(v) + " "
}
