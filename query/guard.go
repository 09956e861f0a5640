package query

// What a statement may do. mode=ro is not enough: a read-only connection can
// still ATTACH and write another file, VACUUM INTO one, and change settings.
// So there are three fences, of which each would do for nearly everything: only
// one statement, and of a kind that asks; an authorizer that allows what
// reading needs; and limits that leave no room for another database.

import (
	"fmt"
	"slices"
	"strings"

	"modernc.org/sqlite"
)

// acting are the words that begin a statement which asks nothing. What begins
// with no word of SQL is a slip, which SQLite explains best.
var acting = []string{"ALTER", "ANALYZE", "ATTACH", "BEGIN", "COMMIT", "CREATE", "DELETE", "DETACH", "DROP", "END", "INSERT",
	"REINDEX", "RELEASE", "REPLACE", "ROLLBACK", "SAVEPOINT", "UPDATE", "VACUUM"}

// readingPragmas tell about the schema and the file, and change nothing.
var readingPragmas = []string{"data_version", "table_info", "table_xinfo", "table_list", "function_list", "index_list", "index_info", "index_xinfo"}

// deniedFunctions reach outside the database, or into SQLite.
var deniedFunctions = []string{"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "sqlite_log"}

// authorize lets a statement read, and nothing else.
func authorize(action sqlite.AuthorizerActionCode, arg1, arg2, _, _ string) sqlite.AuthorizerReturnCode {
	ok := false
	switch action {
	case sqlite.AuthSelect, sqlite.AuthRead, sqlite.AuthRecursive:
		ok = true
	case sqlite.AuthFunction:
		ok = !slices.Contains(deniedFunctions, strings.ToLower(arg2))
	case sqlite.AuthPragma:
		ok = slices.Contains(readingPragmas, strings.ToLower(arg1))
	}
	if ok {
		return sqlite.AuthorizerOK
	}
	return sqlite.AuthorizerDeny
}

// oneStatement returns the one statement that a text holds. It fails with
// ErrRefused when there are more, or when it is none that asks, and with
// ErrNoSQL when there is none.
func oneStatement(text string) (string, error) {
	start := skipBlank(text, 0)
	end := statementEnd(text, start)
	switch {
	case strings.ContainsRune(text, 0):
		return "", hinted{fmt.Errorf("%w: there is a NUL octet in the SQL", ErrRefused), "write it as char(0)"}
	case start == len(text):
		return "", ErrNoSQL
	case end < len(text) && skipBlank(text, end+1) < len(text):
		return "", hinted{fmt.Errorf("%w: there is more than one statement", ErrRefused), "ask them one at a time"}
	}
	statement := text[start:end]
	if word := firstWord(statement); slices.Contains(acting, word) {
		return "", hinted{fmt.Errorf("%w: %s is no question; a query only reads", ErrRefused, word),
			"begin with SELECT or WITH; nlrec tables shows what can be asked"}
	}
	return statement, nil
}

func firstWord(statement string) string {
	end := strings.IndexFunc(statement, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
	if end < 0 {
		end = len(statement)
	}
	return strings.ToUpper(statement[:end])
}

// statementEnd returns where the semicolon is that ends the statement, or the
// end of the text. Semicolons in quotes and comments end nothing.
func statementEnd(text string, i int) int {
	for i < len(text) && text[i] != ';' {
		switch next := skipComment(text, i); {
		case next > i:
			i = next
		case strings.IndexByte("'\"`", text[i]) >= 0:
			i = skipQuoted(text, i+1, text[i])
		case text[i] == '[':
			i = skipQuoted(text, i+1, ']')
		default:
			i++
		}
	}
	return i
}

// skipBlank returns where something begins that is not space, a comment or a
// semicolon.
func skipBlank(text string, i int) int {
	for i < len(text) {
		next := skipComment(text, i)
		if next == i && strings.IndexByte(" \t\n\f\r;", text[i]) >= 0 {
			next = i + 1
		}
		if next == i {
			break
		}
		i = next
	}
	return i
}

// skipComment returns the end of the comment that begins at i, or i.
func skipComment(text string, i int) int {
	end, from := "", i+2
	switch {
	case strings.HasPrefix(text[i:], "--"):
		end = "\n"
	case strings.HasPrefix(text[i:], "/*"):
		end = "*/"
	default:
		return i
	}
	if n := strings.Index(text[from:], end); n >= 0 {
		return from + n + len(end)
	}
	return len(text)
}

// skipQuoted returns what follows a closing quote. One that is doubled closes
// a piece and opens the next, which comes to the same.
func skipQuoted(text string, i int, quote byte) int {
	if n := strings.IndexByte(text[i:], quote); n >= 0 {
		return i + n + 1
	}
	return len(text)
}
