package query

import (
	"slices"
	"strings"

	"nlrec/rtnl"
	"nlrec/store"
)

// vocabulary is all that a kind's filter can say.
type vocabulary struct {
	named  []word   // of filter_words.go, as far as the kind has their columns
	equal  []word   // the columns
	truths []string // columns that are 1 or nothing
	flags  []word   // members of columns of flags
}

// aboutRecording are columns that tell of the recording and not of the object.
var aboutRecording = []string{"extra", "netns", "position", "gap", "valid_from_us", "valid_to_us"}

func vocabularyOf(k *rtnl.Kind) (vocabulary, error) {
	var v vocabulary
	columns, err := columnsOf(k)
	if err != nil {
		return v, err
	}
	for _, c := range columns {
		if !slices.Contains(aboutRecording, c.Name) {
			v.addColumn(c)
		}
	}
	for _, w := range filterWords {
		if w.isOf(k, columns) {
			v.named = append(v.named, w)
		}
	}
	return v, nil
}

// columnsOf lists the columns of a kind's view. It reads the text of that view
// alone: commands begin with this.
func columnsOf(k *rtnl.Kind) ([]Column, error) {
	text, err := store.ViewText(k)
	return describe(k.Name, text).Columns, err
}

// addColumn makes words of a column by what is said of it.
func (v *vocabulary) addColumn(c Column) {
	list, isList := strings.CutPrefix(c.Meaning, "JSON array: ")
	switch {
	case strings.HasPrefix(c.Meaning, "1: "):
		v.truths = append(v.truths, c.Name)
	case isList && !strings.HasPrefix(list, "{"):
		v.equal = append(v.equal, word{name: c.Name, example: "VALUE", read: asText,
			sql: "EXISTS (SELECT 1 FROM json_each({}" + c.Name + ") j WHERE j.value = ?1)"})
		v.addFlags(c.Name, list)
	case !strings.HasPrefix(c.Meaning, "JSON"):
		v.equal = append(v.equal, word{name: c.Name, example: "VALUE", read: asText, sql: "CAST({}" + c.Name + " AS TEXT) = ?1"})
	}
}

func (v *vocabulary) addFlags(column, list string) {
	for clause := range strings.SplitSeq(list, "; ") {
		clause, _, _ = strings.Cut(clause, ":")
		for _, flag := range strings.Split(clause, ", ") {
			if flag == "" || strings.Trim(strings.ToUpper(flag), "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-") != "" {
				continue // the clause says something else
			}
			has := "EXISTS (SELECT 1 FROM json_each({}" + column + ") j WHERE j.value = " + "'" + flag + "')"
			name := strings.ToLower(flag)
			v.flags = append(v.flags, word{name: name, sql: has}, word{name: "-" + name, sql: "NOT " + has})
		}
	}
}

// find returns the longest word that the texts begin with, and what follows.
func (v *vocabulary) find(texts []string) (found *word, rest []string) {
	rest = texts
	for _, list := range [][]word{v.named, v.equal, v.flags} {
		for i, w := range list {
			for _, name := range append([]string{w.name}, w.also...) {
				parts := strings.Fields(name)
				if len(parts) <= len(texts) && slices.Equal(parts, texts[:len(parts)]) && len(texts)-len(parts) < len(rest) {
					found, rest = &list[i], texts[len(parts):]
				}
			}
		}
	}
	return found, rest
}

// all lists the words.
func (v *vocabulary) all() (names []string) {
	for _, list := range [][]word{v.named, v.equal, v.flags} {
		for _, w := range list {
			names = append(append(names, w.name), w.also...)
		}
	}
	return append(names, v.truths...)
}

// isOf reports whether a kind has the columns that a word speaks of.
func (w word) isOf(k *rtnl.Kind, columns []Column) bool {
	if w.of != "" && w.of != k.Name {
		return false
	}
	for _, after := range strings.Split(w.sql, "{}")[1:] {
		end := strings.IndexFunc(after+" ", func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') })
		if !slices.ContainsFunc(columns, func(c Column) bool { return c.Name == after[:end] }) {
			return false
		}
	}
	return true
}
