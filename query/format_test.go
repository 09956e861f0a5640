package query

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/olekukonko/tablewriter/tw"
)

// given is a source of given rows, and then of an error.
type given struct {
	columns []string
	rows    [][]any
	err     error
	ended   bool
}

func (g *given) Columns() []string { return g.columns }

func (g *given) Next() ([]any, error) {
	if len(g.rows) == 0 {
		if g.ended && g.err == nil {
			panic("rows are read after their end, where SQLite begins anew")
		}
		g.ended = true
		return nil, g.err
	}
	row := g.rows[0]
	g.rows = g.rows[1:]
	return row, nil
}

var errGiven = errors.New("given")

func TestWrite(t *testing.T) {
	tests := []struct {
		name, format string
		rows         given
		want         string
	}{
		{"values", "json", given{columns: []string{"a", "b", "c", "d", "e"}, rows: [][]any{{nil, int64(math.MaxInt64), 1.5, "x\"<é\x1b\n", []byte{1, 255}}}},
			"[\n{\"a\":null,\"b\":9223372036854775807,\"c\":1.5,\"d\":\"x\\\"<é\\u001b\\n\",\"e\":\"01ff\"}\n]\n"},
		{"reals", "ndjson", given{columns: []string{"a", "b", "c", "d"}, rows: [][]any{{2.0, 1e100, math.Inf(1), math.Inf(-1)}}},
			"{\"a\":2.0,\"b\":1e+100,\"c\":9e999,\"d\":-9e999}\n"},
		{"names that repeat", "ndjson", given{columns: []string{"a", "a", "a_2", "a"}, rows: [][]any{{"1", "2", "3", "4"}}},
			"{\"a\":\"1\",\"a_2\":\"2\",\"a_2_2\":\"3\",\"a_3\":\"4\"}\n"},
		{"no rows", "json", given{columns: []string{"a"}}, "[]\n"},
		{"no rows", "ndjson", given{columns: []string{"a"}}, ""},
		{"no rows", "csv", given{columns: []string{"a"}}, "a\r\n"},
		{"no rows", "box", given{columns: []string{"if_name"}}, "┌─────────┐\n│ if_name │\n└─────────┘\n"},
		{"no columns", "box", given{}, ""},
		{"two rows", "json", given{columns: []string{"a"}, rows: [][]any{{int64(1)}, {int64(2)}}}, "[\n{\"a\":1},\n{\"a\":2}\n]\n"},
		{"an error", "json", given{columns: []string{"a"}, rows: [][]any{{int64(1)}}, err: errGiven}, "[\n{\"a\":1}\n]\n"},
		{"an error at once", "json", given{columns: []string{"a"}, err: errGiven}, "[]\n"},
		{"values", "csv", given{columns: []string{"a", "b,c"}, rows: [][]any{{nil, ""}, {"x\"y", "1\r\n2"}, {int64(1), []byte{10}}}},
			"a,\"b,c\"\r\n,\"\"\r\n\"x\"\"y\",\"1\r\n2\"\r\n1,0a\r\n"},
		{"values", "box", given{columns: []string{"if_name", "n", "oct"}, rows: [][]any{{" eth0 ", int64(1), []byte{255}}, {nil, 2.0, ""}}},
			"┌─────────┬─────┬─────┐\n│ if_name │ n   │ oct │\n├─────────┼─────┼─────┤\n│  eth0   │ 1   │ ff  │\n│         │ 2.0 │     │\n└─────────┴─────┴─────┘\n"},
		{"a hostile alias", "ndjson", given{columns: []string{"a"}, rows: [][]any{{"\x1b[31m\u202e\xff\u009b\x7f\U000e0001é日"}}},
			`{"a":"\u001b[31m\u202e\\xff\u009b\u007f\udb40\udc01é日"}` + "\n"},
		{"a hostile alias", "box", given{columns: []string{"a\x1b[2J"}, rows: [][]any{{"\x1b[31m\tx\ny\x00\u202e\xff\u200bz\u009b"}}},
			"┌───────────────────────────────────────────┐\n│ a\\x1b[2J                                  │\n" +
				"├───────────────────────────────────────────┤\n│ \\x1b[31m\\tx\\ny\\x00\\u202e\\xff\\u200bz\\u009b │\n└───────────────────────────────────────────┘\n"},
		{"values", "table", given{columns: []string{"if_name", "n"}, rows: [][]any{{"eth0", int64(1)}, {nil, ""}}},
			"+---------+---+\n| if_name | n |\n+---------+---+\n| eth0    | 1 |\n|         |   |\n+---------+---+\n"},
		{"values", "line", given{columns: []string{"a", "日本"}, rows: [][]any{{"x\ty", nil}, {[]byte{255}, 2.0}}},
			"   a = x\\ty\n日本 = \n\n   a = ff\n日本 = 2.0\n"},
		{"no rows", "line", given{columns: []string{"a"}}, ""},
		{"values", "tsv", given{columns: []string{"a", "b"}, rows: [][]any{{"x\ty\nz", nil}, {`[{"mtu":1400}]`, int64(7)}}},
			"a\tb\nx\\ty\\nz\t\n[{\"mtu\":1400}]\t7\n"},
		{"values", "markdown", given{columns: []string{"a|b", "c"}, rows: [][]any{{"eth0:*", "<b>&"}, {nil, "`\\`\n"}}},
			"| a\\|b | c |\n|---|---|\n| eth0:\\* | &lt;b>&amp; |\n|  | \\`\\\\\\`\\\\n |\n"},
		{"no rows", "markdown", given{columns: []string{"a"}}, "| a |\n|---|\n"},
		{"values", "html", given{columns: []string{"a", "<i>"}, rows: [][]any{{"<script>\"&'", nil}}},
			"<table>\n<tr><th>a</th><th>&lt;i&gt;</th></tr>\n<tr><td>&lt;script&gt;&#34;&amp;&#39;</td><td></td></tr>\n</table>\n"},
		{"an error", "html", given{columns: []string{"a"}, err: errGiven}, "<table>\n<tr><th>a</th></tr>\n</table>\n"},
	}
	for _, tt := range tests {
		t.Run(tt.format+"/"+tt.name, func(t *testing.T) {
			var got strings.Builder
			wantErr := tt.rows.err
			if err := write(&got, Page{}, tt.format, &tt.rows); !errors.Is(err, wantErr) {
				t.Errorf("error %v, want %v", err, wantErr)
			}
			if got.String() != tt.want {
				t.Errorf("got\n%s\nwant\n%s\n(%q)", got.String(), tt.want, got.String())
			}
		})
	}
}

func TestWriteErrors(t *testing.T) {
	rows := func() *given { return &given{columns: []string{"a"}, rows: [][]any{{strings.Repeat("x", 200_000)}}} }
	for _, format := range Formats() {
		if err := write(iotest.TruncateWriter(failing{}, 0), Page{}, format, rows()); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if err := write(failing{}, Page{}, format, rows()); !errors.Is(err, errGiven) {
			t.Errorf("%s: error %v, want that of the writer", format, err)
		}
	}
	if err := write(failing{}, Page{}, "xml", rows()); err == nil {
		t.Error("a format that there is not")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errGiven }

// Both ways to draw a table draw the same.
func TestTableLook(t *testing.T) {
	header := []string{"if_name", "日本", "x", "longer than its values"}
	lines := [][]string{{"eth0", "ab", "", "1"}, {"  wide  ", "語", "e\u0301", "a|b*c_d"}, {"", "", "", ""}, {strings.Repeat("x ", 150), "$1", "a", "b"}}
	for _, style := range []tw.BorderStyle{boxStyle, asciiStyle} {
		var library, own strings.Builder
		w := bufio.NewWriter(&library)
		if err := errors.Join(libraryTable(w, tw.NewSymbols(style), header, lines), w.Flush()); err != nil {
			t.Fatal(err)
		}
		w.Reset(&own)
		if err := errors.Join(padTable(w, tw.NewSymbols(style), header, lines), w.Flush()); err != nil {
			t.Fatal(err)
		}
		if library.String() != own.String() {
			t.Errorf("tablewriter\n%s\nown\n%s", library.String(), own.String())
		}
	}
}

func TestLargeTable(t *testing.T) {
	g := given{columns: []string{"n"}}
	for i := range int64(maxDrawn + 1) {
		g.rows = append(g.rows, []any{i})
	}
	var b strings.Builder
	if err := write(&b, Page{}, "table", &g); err != nil || strings.Count(b.String(), "\n") != maxDrawn+5 {
		t.Errorf("%d lines, error %v", strings.Count(b.String(), "\n"), err)
	}
}

// A table that is too long to be held goes on as wide as it began, and is
// closed when rows fail.
func TestLongTable(t *testing.T) {
	var b strings.Builder
	w := bufio.NewWriter(&b)
	rest := given{columns: []string{"n"}, rows: [][]any{{"x"}, {"wider"}}, err: errGiven}
	err := drawLong(w, tw.NewSymbols(asciiStyle), false, []int{3}, held{header: []string{"n"}, lines: [][]string{{"abc"}}}, &rest)
	want := "+-----+\n| n   |\n+-----+\n| abc |\n| x   |\n| wider |\n+-----+\n"
	if err = errors.Join(err, w.Flush()); !errors.Is(err, errGiven) || b.String() != want {
		t.Errorf("error %v\n%s\nwant\n%s", err, b.String(), want)
	}
}

// Others read what is written.
func TestReadBack(t *testing.T) {
	path := samplePath(t)
	const text = "SELECT 1 AS a, 'x,\"y' AS b, NULL AS c UNION ALL SELECT 2, 'z', 'w'"
	printed := func(format string) string {
		var b strings.Builder
		if err := open(t, path, "").Query(t.Context(), text, func(rows *Rows) error { return Write(&b, Page{}, format, rows) }); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	var objects []map[string]any
	if err := json.Unmarshal([]byte(printed("json")), &objects); err != nil {
		t.Error(err)
	}
	if want := []map[string]any{{"a": 1.0, "b": "x,\"y", "c": nil}, {"a": 2.0, "b": "z", "c": "w"}}; !reflect.DeepEqual(objects, want) {
		t.Errorf("JSON: got %v, want %v", objects, want)
	}
	records, err := csv.NewReader(strings.NewReader(printed("csv"))).ReadAll()
	if want := [][]string{{"a", "b", "c"}, {"1", "x,\"y", ""}, {"2", "z", "w"}}; err != nil || !reflect.DeepEqual(records, want) {
		t.Errorf("CSV: got %v, %v, want %v", records, err, want)
	}
}
