package rtnl

// A Content says what the values of a column tell of whose network it is, for
// copies that are not to tell it.
type Content int

// The contents. What no declaration names is FreeText if it is text: a column
// that nobody thought of is hidden rather than shown.
const (
	FreeText   Content = iota // what a person wrote
	Plain                     // the kernel's own words and numbers
	IPAddress                 // an IP address or a prefix, or a word like default
	LinkLayer                 // a link-layer address
	LinkName                  // the name of a link
	LinkLabel                 // the name of a link, and what may follow a colon
	LinkNames                 // JSON array of names of links
	Digits                    // hexadecimal digits that may be any of these
	BridgeID                  // a priority, a dot, a link-layer address
	Structured                // JSON, of which ContentOf knows the members
	Unknown                   // JSON of attributes nobody knows
	HostName                  // the name of a machine
	MachineID                 // a UUID of a machine or its boot
)

// linkColumns are the columns in which the views of all kinds name a link.
var linkColumns = map[string]Content{
	"dev": LinkName, "link": LinkName, "master": LinkName, "interface": LinkName, "iif_dev": LinkName,
	"extra": Unknown, "family": Plain,
}

// ContentOf returns what a column of the kind holds, or one that its view
// derives from others.
func (k *Kind) ContentOf(column string) Content {
	if c, ok := k.Contents[column]; ok {
		return c
	}
	return linkColumns[column]
}

// plainly declares columns as Plain, beside those that are not.
func plainly(contents map[string]Content, columns ...string) map[string]Content {
	for _, c := range columns {
		contents[c] = Plain
	}
	return contents
}

// memberContents are the members of JSON whose text is not told by its shape:
// addresses and long runs of digits are found wherever they are.
var memberContents = map[string]Content{
	"root_id": BridgeID, "bridge_id": BridgeID,
	"dev": LinkName, "dev_name": FreeText, "name": FreeText,
	"trace": Digits, "data": Digits, "newdst": Digits, "sci": Digits, "locator": Digits,
}

// MemberContent returns what the text of a member of JSON holds. Structured
// means that its shape tells.
func MemberContent(name string) Content {
	if c, ok := memberContents[name]; ok {
		return c
	}
	return Structured
}
