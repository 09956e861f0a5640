package query

import "strings"

// CutStatement parts the first statement of a text from what follows the
// semicolon that ends it. It is not found while no semicolon ends one.
func CutStatement(text string) (statement, rest string, found bool) {
	start := skipBlank(text, 0)
	end := statementEnd(text, start)
	if end >= len(text) {
		return "", text, false
	}
	return text[start:end], text[end+1:], true
}

// IsBlank reports whether a text holds nothing but space, semicolons and whole
// comments.
func IsBlank(text string) bool {
	open := strings.LastIndex(text, "/*")
	return skipBlank(text, 0) == len(text) && (open < 0 || strings.Contains(text[open:], "*/"))
}
