package query

// How names that do not print are written, and found again. A kernel's string may
// have any octet but NUL. On lines for people what does not print is written as in
// Go: \x1b, \n, \u202e. JSON has signs for all of that, but none for octets that
// are not UTF-8: those are \xff there, too. Whoever types what was printed means
// the name itself, and so may somebody whose shell passes on the octets.

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible writes text so that a terminal shows it and obeys none of it: what
// does not print becomes an escape as in Go.
func Visible(text string) string {
	clean := func(r rune) bool { return unicode.IsPrint(r) && r != utf8.RuneError }
	if strings.IndexFunc(text, func(r rune) bool { return !clean(r) }) < 0 {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case clean(r) || r == utf8.RuneError:
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
		text = text[n:]
	}
	return b.String()
}

// unicodeText returns a text in which octets that are not UTF-8 are written \xff,
// and, where the text is JSON, so that it still is.
func unicodeText(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	format := `\x%02x`
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		if json.Valid([]byte(text)) {
			format = `\\x%02x`
		}
	}
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, format, text[0])
		} else {
			b.WriteString(text[:n])
		}
		text = text[n:]
	}
	return b.String()
}

// spellings lists what somebody may mean who typed a text: that, what was printed
// so, and that as JSON has it within nested data.
func spellings(typed string) []string {
	all := []string{typed}
	for _, text := range []string{unescaped(typed), unicodeText(unescaped(typed))} {
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// unescaped reads the escapes that Visible writes.
func unescaped(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, isRune, rest, err := strconv.UnquoteChar(text, 0)
		switch {
		case text[0] != '\\' || err != nil:
			b.WriteByte(text[0])
			rest = text[1:]
		case isRune:
			b.WriteRune(r)
		default:
			b.WriteByte(byte(r))
		}
		text = rest
	}
	return b.String()
}
