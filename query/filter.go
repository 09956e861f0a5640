package query

// Filters: what of a kind is asked for, in the words of ip(8): dev eth0,
// table 100, proto bgp, to root 10.0.0.0/8, -6.
//
// Every column of a kind's view is a word that takes the value it must have.
// A column that is 1 or nothing is a word by itself, and so is each member of
// a column of flags, with - before it for those that lack it. Where ip has
// another word for a column, or means more by it than equality, filter_words.go
// says so. Different words must all hold, of one word that is repeated any.

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"nlrec/rtnl"
)

// A Filter is a condition on the objects of one kind. It speaks only of columns
// of the kind's view, which the kind's history, and what it was at an instant,
// have as well.
type Filter struct {
	Kind  *rtnl.Kind
	words []string               // in the order in which they were first said
	terms map[string][]condition // of each word
	asks  []string               // words that are present, see word
	link  string                 // the name of one that stood without dev
}

// condition is SQL in which each column of the view stands behind {}, ?1 and ?2
// stand for the arguments, and {links} for where links have their other names.
type condition struct {
	sql  string
	args []any
}

// ParseFilter reads the words of a filter. It fails with ErrFilter, and a hint.
func ParseFilter(k *rtnl.Kind, words []string) (Filter, error) {
	if len(words) == 0 {
		return Filter{Kind: k}, nil
	}
	v, err := vocabularyOf(k)
	if err != nil {
		return Filter{}, err
	}
	p := parser{vocabulary: v, words: words, Filter: Filter{Kind: k, terms: map[string][]condition{}}}
	for len(p.words) > 0 {
		if err := p.next(); err != nil {
			return Filter{}, err
		}
	}
	return p.Filter, nil
}

// ParseChangeFilter is ParseFilter for what changed: it knows no words about what
// the link of an object is.
func ParseChangeFilter(k *rtnl.Kind, words []string) (Filter, error) {
	f, err := ParseFilter(k, words)
	if err == nil && len(f.asks) > 0 {
		err = fmt.Errorf("%s: %w of the changes of %s", f.asks[0], ErrFilter, k.Name)
		return Filter{}, unknownWord{hinted{err, "nlrec show " + k.Name + " and nlrec log link know it"}, f.asks[0]}
	}
	return f, err
}

// ParseSelection reads the words behind a command that is about objects: a kind
// and its filter, or a filter that every kind gets which knows its words. No
// words are all kinds. It fails with ErrFilter, and a hint, when no kind knows
// them all.
func ParseSelection(words []string) ([]Filter, error) {
	if len(words) > 0 {
		if k, err := FindKind(words[0]); err == nil {
			f, err := ParseChangeFilter(k, words[1:])
			if err != nil {
				return nil, err
			}
			return []Filter{f}, nil
		}
		if near, err := nearKind(words[0]); near != "" && !anyKindSays(words[0]) {
			return nil, err
		}
	}
	var filters []Filter
	var failed error
	for _, k := range rtnl.Kinds() {
		f, err := ParseChangeFilter(k, words)
		var unknown unknownWord
		switch {
		case err == nil && anyKindSays(f.link): // which will have it
		case err == nil:
			filters = append(filters, f)
		case failed == nil || !errors.As(err, &unknown):
			failed = err
		}
	}
	if len(filters) == 0 {
		return nil, failed
	}
	return filters, nil
}

// anyKindSays reports whether a word is one of some kind's filter.
func anyKindSays(word string) bool {
	return slices.ContainsFunc(rtnl.Kinds(), func(k *rtnl.Kind) bool {
		v, err := vocabularyOf(k)
		return err == nil && slices.Contains(v.all(), word)
	})
}

// Empty reports whether a filter lets everything through.
func (f Filter) Empty() bool { return len(f.words) == 0 }

// Where returns the condition and its arguments, in the order of the ? in it.
// The columns are those of the table with that alias, or as they are when it
// is empty. Links is the table of the links that are known by another name as
// well: link where one state is asked for, everLink where what was counts, too.
// An empty filter is TRUE.
func (f Filter) Where(alias, links string) (sql string, args []any) {
	if alias != "" {
		alias += "."
	}
	var all []string
	for _, word := range f.words {
		var any []string
		for _, c := range f.terms[word] {
			any = append(any, regexp.MustCompile(`\?[12]`).ReplaceAllStringFunc(c.sql, func(place string) string {
				args = append(args, c.args[place[1]-'1'])
				return "?"
			}))
		}
		all = append(all, "("+strings.Join(any, " OR ")+")")
	}
	if len(all) == 0 {
		return "TRUE", nil
	}
	return strings.NewReplacer("{}", alias, "{links}", links).Replace(strings.Join(all, " AND ")), args
}

// everLink has every state that a link was in.
const everLink = "link_state"

// parser reads one word after the other.
type parser struct {
	vocabulary
	words []string // left
	bare  string   // the value that stood without a word before it
	named string   // the word it would have stood behind
	Filter
}

// next reads a word and, if it takes one, its value.
func (p *parser) next() error {
	word := p.words[0]
	if known, rest := p.find(p.words); known != nil {
		p.words = rest
		if known.present {
			p.asks = append(p.asks, known.name)
		}
		if known.read == nil {
			p.add(known.name, condition{sql: known.sql})
			return nil
		}
		if len(p.words) == 0 || p.words[0] == "" { // a variable of the shell that is not set
			return p.noValue(known)
		}
		if p.named == known.name {
			return p.twice(p.words[0])
		}
		value := p.words[0]
		p.words = p.words[1:]
		return p.take(known, value)
	}
	if c, rest := p.truth(); c != nil {
		p.add(word, *c)
		p.words = rest
		return nil
	}
	p.words = p.words[1:]
	return p.takeBare(word)
}

// take adds the condition of a word with a value.
func (p *parser) take(known *word, value string) error {
	args, err := known.read(value)
	var wrong badValue
	if errors.As(err, &wrong) {
		return hinted{fmt.Errorf("%s %s: %w: %s", known.name, value, ErrFilter, wrong.why), wrong.hint}
	}
	if err != nil {
		return err
	}
	sql := known.sql
	if len(args) == 0 {
		sql = "TRUE"
	}
	p.add(known.name, condition{sql, args})
	for _, spelling := range spellings(value)[1:] {
		args, err := known.read(spelling)
		if err != nil {
			return err
		}
		p.add(known.name, condition{sql, args})
	}
	return nil
}

func (p *parser) add(word string, c condition) {
	if _, said := p.terms[word]; !said {
		p.Filter.words = append(p.Filter.words, word)
	}
	p.terms[word] = append(p.terms[word], c)
}

// truth reads a column that is 1 or nothing: forwarding, forwarding 0.
func (p *parser) truth() (*condition, []string) {
	column, negated := strings.CutPrefix(p.words[0], "-")
	if !slices.Contains(p.truths, column) {
		return nil, nil
	}
	rest, want := p.words[1:], !negated
	if len(rest) > 0 && !negated {
		if value, ok := map[string]bool{"1": true, "on": true, "0": false, "off": false}[rest[0]]; ok {
			want, rest = value, rest[1:]
		}
	}
	if want {
		return &condition{sql: "{}" + column + " > 0"}, rest
	}
	return &condition{sql: "ifnull({}" + column + ", 0) = 0"}, rest
}

// takeBare reads a value without a word before it, as in "ip link show eth0".
func (p *parser) takeBare(value string) error {
	if value == "" {
		return hinted{fmt.Errorf("an empty word: %w", ErrFilter), "nlrec tables " + p.Kind.Name + " shows what can be asked for"}
	}
	for _, b := range bareWords {
		if known, _ := p.find([]string{b.word, value}); known != nil && known.read != nil && b.fits(p.Kind, value) {
			if p.named != "" {
				return p.twice(value)
			}
			if p.terms[known.name] != nil {
				break
			}
			p.bare, p.named = value, known.name
			if known.name == "dev" {
				p.link = value
			}
			return p.take(known, value)
		}
	}
	return p.unknown(value)
}

// unknownWord is the error of a word that a kind does not know.
type unknownWord struct {
	error
	word string
}

func (u unknownWord) Unwrap() error { return u.error }

func (p *parser) unknown(word string) error {
	hint := DidYouMean(word, p.all(), "nlrec tables "+p.Kind.Name)
	if missing, ok := unrecorded[word]; ok {
		hint = missing
	}
	return unknownWord{hinted{fmt.Errorf("%s: %w of %s", Visible(word), ErrFilter, p.Kind.Name), hint}, word}
}

// twice is the error of a value behind one that stood for itself, which may
// be a word misspelt.
func (p *parser) twice(value string) error {
	err := fmt.Errorf("%s and %s: %w: only one can go without a word before it", Visible(p.bare), Visible(value), ErrFilter)
	hint := fmt.Sprintf("%s %s %s %s", p.named, p.bare, p.named, value)
	for _, word := range p.all() {
		if distance(p.bare, word) == 1 {
			hint = "did you mean " + word + "?"
		}
	}
	return unknownWord{hinted{err, hint}, p.bare}
}

func (p *parser) noValue(known *word) error {
	return hinted{fmt.Errorf("%s: %w: a value is missing behind it", known.name, ErrFilter), known.name + " " + known.example}
}

// badValue says what is wrong with the value of a word.
type badValue struct{ why, hint string }

func (b badValue) Error() string { return b.why }
