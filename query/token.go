package query

import "strings"

// A tokenKind is what a token is to SQLite.
type tokenKind int

const (
	wordToken   tokenKind = iota // a keyword, or a name without quotes
	nameToken                    // a name in quotes: "…", […] or `…`
	textToken                    // '…', also x'…'
	numberToken                  // 1, 1.5e3, 0x1f
	paramToken                   // :name, @name, $name, ?, ?1
	signToken                    // one octet of anything else
)

// A token is a piece of a statement.
type token struct {
	kind tokenKind
	text string // as it is written
	at   int    // where it begins
}

// end is where what follows begins.
func (t token) end() int { return t.at + len(t.text) }

// is reports whether a token is a word, in any case, or a sign.
func (t token) is(text string) bool {
	return (t.kind == wordToken || t.kind == signToken) && strings.EqualFold(t.text, text)
}

// name is what a name means without its quotes, or a text.
func (t token) name() string {
	if t.kind != nameToken && t.kind != textToken || len(t.text) < 2 {
		return t.text
	}
	inner, quote := t.text[1:len(t.text)-1], t.text[len(t.text)-1:]
	return strings.ReplaceAll(inner, quote+quote, quote)
}

// tokens parts a statement as SQLite does, without blanks and comments.
func tokens(statement string) (all []token) {
	for i := 0; i < len(statement); {
		next := skipBlank(statement, i)
		if next == i {
			kind, end := oneToken(statement, i)
			all = append(all, token{kind, statement[i:end], i})
			next = end
		}
		i = next
	}
	return all
}

// oneToken tells what begins at i, and where it ends.
func oneToken(s string, i int) (kind tokenKind, end int) {
	switch c := s[i]; {
	case c == '\'':
		return textToken, quotedEnd(s, i+1, c)
	case (c == 'x' || c == 'X') && i+1 < len(s) && s[i+1] == '\'':
		return textToken, quotedEnd(s, i+2, '\'')
	case c == '"' || c == '`':
		return nameToken, quotedEnd(s, i+1, c)
	case c == '[':
		return nameToken, skipQuoted(s, i+1, ']')
	case isDigit(c):
		return numberToken, numberEnd(s, i)
	case strings.IndexByte(":@$?", c) >= 0 && (c == '?' || wordEnd(s, i+1) > i+1):
		return paramToken, wordEnd(s, i+1)
	case isWord(c):
		return wordToken, wordEnd(s, i)
	}
	return signToken, i + 1
}

// quotedEnd is skipQuoted over doubled quotes.
func quotedEnd(s string, i int, quote byte) int {
	for {
		i = skipQuoted(s, i, quote)
		if i >= len(s) || s[i] != quote {
			return i
		}
		i++
	}
}

func numberEnd(s string, i int) int {
	for i < len(s) && (isWord(s[i]) || s[i] == '.' || (s[i] == '+' || s[i] == '-') && (s[i-1] == 'e' || s[i-1] == 'E')) {
		i++
	}
	return i
}

func wordEnd(s string, i int) int {
	for i < len(s) && isWord(s[i]) {
		i++
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWord(c byte) bool {
	return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c == '$' || c >= 0x80
}
