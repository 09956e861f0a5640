package query

// A statement for any SQLite: what --at and the functions of tables mean is put
// before it as common table expressions, and parameters become literals. Their
// names hide the views, so the statement itself hardly changes:
//
//	route          with --at   WITH route AS (SELECT … as of the instant)
//	route_at('x')              WITH route_at AS (…), then route_at_2

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nlrec/rtnl"
	"nlrec/store"
)

// ErrNotPlain is a statement that only nlrec answers.
var ErrNotPlain = errors.New("plain SQLite has nothing like it")

// Plain returns a statement that any SQLite since 3.26 answers on the file as
// Query does this one. It fails with ErrNotPlain, or as Query does.
func (r *Reader) Plain(ctx context.Context, text string, params []Param) (string, error) {
	if r.recordings != nil {
		return "", hinted{fmt.Errorf("several recordings: %w", ErrNotPlain), "--emit-sql with one --db"}
	}
	statement, err := oneStatement(text)
	if err == nil {
		err = checkParams(statement, params)
	}
	if err == nil {
		err = r.check(ctx, statement, params)
	}
	if err != nil {
		return "", err
	}
	p := plainer{ctx: ctx, r: r, all: tokens(statement), params: params, names: map[string]*Moment{}}
	body, err := p.body(statement)
	if err != nil {
		return "", err
	}
	return p.head() + body + "\n;\n", nil
}

// check has SQLite compile a statement.
func (r *Reader) check(ctx context.Context, statement string, params []Param) error {
	if slices.Contains([]string{"EXPLAIN", "PRAGMA"}, firstWord(statement)) {
		return nil
	}
	var values []driver.NamedValue
	for i, p := range params {
		values = append(values, driver.NamedValue{Ordinal: i + 1, Name: p.Name, Value: p.Value})
	}
	return r.perform(ctx, "EXPLAIN "+statement, statement, values, func(*Rows) error { return nil })
}

// A plainer rewrites one statement.
type plainer struct {
	ctx    context.Context
	r      *Reader
	all    []token
	params []Param
	tables []string           // common table expressions, in order
	names  map[string]*Moment // of those
}

func (p *plainer) head() string {
	if p.r.moment == nil {
		return ""
	}
	return fmt.Sprintf("-- as of %s, change #%d\n", FormatTime(p.r.moment.At, p.r.timeline.loc), p.r.moment.Change)
}

// body rewrites the tokens, and puts in the tables that they need.
func (p *plainer) body(statement string) (string, error) {
	var b strings.Builder
	start, last := 0, 0 // start: where tables are to be put in
	for i := 0; i < len(p.all); {
		text, n, err := p.piece(i)
		if err != nil {
			return "", err
		}
		b.WriteString(statement[last:p.all[i].at] + text)
		last = p.all[i+n-1].end()
		if i < p.opening() {
			start = b.Len()
		}
		i += n
	}
	b.WriteString(statement[last:])
	tables := strings.Join(p.tables, ",\n")
	switch whole := b.String(); {
	case tables == "":
		return whole, nil
	case p.opening() > 0 && !p.all[p.opening()-1].is("PLAN") && !p.all[p.opening()-1].is("EXPLAIN"):
		return whole[:start] + " " + tables + "," + whole[start:], nil
	default:
		return strings.TrimSpace(whole[:start]+" WITH "+tables) + "\n" + strings.TrimLeft(whole[start:], " "), nil
	}
}

// opening is how many tokens stand before the tables: EXPLAIN and WITH.
func (p *plainer) opening() (n int) {
	for n < len(p.all) && slices.ContainsFunc([]string{"EXPLAIN", "QUERY", "PLAN", "WITH", "RECURSIVE"}, p.all[n].is) {
		n++
	}
	return n
}

// piece returns what becomes of token i, and how many tokens that replaces.
func (p *plainer) piece(i int) (text string, n int, err error) {
	t := p.all[i]
	name := strings.ToLower(t.name())
	kind, isAt := strings.CutSuffix(name, "_at")
	isName := (t.kind == wordToken || t.kind == nameToken) && (i == 0 || !p.all[i-1].is("."))
	switch {
	case t.kind == paramToken:
		return literal(p.value(t)), 1, nil
	case isName && isAt && isKind(kind) && !p.follows(i, "."):
		return p.call(i, kind)
	case isName && isOwnFunction(name) && p.follows(i, "("):
		return "", 0, hinted{fmt.Errorf("%s: %w", name, ErrNotPlain), "leave the function out, or ask with nlrec query"}
	case isName && isKind(name) && p.r.moment != nil && !p.isDefined(name):
		return t.text, 1, p.define(name, name, p.r.moment)
	}
	return t.text, 1, nil
}

func (p *plainer) follows(i int, sign string) bool { return i+1 < len(p.all) && p.all[i+1].is(sign) }

// isDefined reports whether the statement has a common table expression of a
// name.
func (p *plainer) isDefined(name string) bool {
	for i, t := range p.all {
		if strings.EqualFold(t.name(), name) && (p.follows(i, "(") || p.follows(i, "AS") && p.follows(i+1, "(")) {
			return true
		}
	}
	return false
}

// call rewrites route_at('10m ago').
func (p *plainer) call(i int, kind string) (text string, n int, err error) {
	name := kind + "_at"
	if !p.follows(i, "(") || i+3 >= len(p.all) || !p.all[i+3].is(")") {
		return "", 0, hinted{fmt.Errorf("%s: %w: its instant has to be written out", name, ErrNotPlain), name + "('10m ago')"}
	}
	m, err := p.instant(p.all[i+2])
	if err != nil {
		return "", 0, err
	}
	if m == nil {
		return "", 0, hinted{fmt.Errorf("%s: %w: its instant has to be written out", name, ErrNotPlain), name + "('10m ago')"}
	}
	unique := name
	for n := 2; p.names[unique] != nil && *p.names[unique] != *m; n++ {
		unique = name + "_" + strconv.Itoa(n)
	}
	return unique, 4, p.define(unique, kind, m)
}

// instant finds the instant that a literal or a parameter means; nil: it is
// neither.
func (p *plainer) instant(t token) (*Moment, error) {
	switch t.kind {
	case textToken:
		return p.r.timeline.resolve(p.ctx, t.name())
	case paramToken:
		return p.r.timeline.resolveValue(p.ctx, p.value(t))
	case numberToken:
		if n, err := strconv.ParseInt(t.text, 0, 64); err == nil {
			return p.r.timeline.resolveValue(p.ctx, n)
		}
	}
	return nil, nil
}

// define puts a common table expression before the statement.
func (p *plainer) define(name, kind string, m *Moment) error {
	if p.names[name] != nil {
		return nil
	}
	i := slices.IndexFunc(rtnl.Kinds(), func(k *rtnl.Kind) bool { return k.Name == kind })
	text, err := store.AsOf(rtnl.Kinds()[i], fmt.Sprint(m.Change), fmt.Sprint(m.At))
	p.names[name] = m
	p.tables = append(p.tables, name+" AS (\n"+text+"\n)")
	return err
}

func (p *plainer) value(t token) any {
	i := slices.IndexFunc(p.params, func(p Param) bool { return p.Name == t.text[1:] })
	return p.params[i].Value // checkParams found it
}

// literal writes a value in SQL, and as octets what does not print.
func literal(v any) string {
	if text, ok := v.(string); ok {
		if Visible(text) != text {
			return fmt.Sprintf("CAST(x'%x' AS TEXT)", text)
		}
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	return fmt.Sprint(v)
}
