package main

import (
	"regexp"
	"sort"
	"strings"
)

// A phrase is text that the rules forbid, and what to write in its place.
type phrase struct {
	pattern *regexp.Regexp
	advice  string
}

// phrases are matched in text whose lines are joined, in either letter case and by whole words.
var phrases = []phrase{
	forbid(`tells`, `"tells": write reports, says or returns`),
	forbid(`is what`, `"is what": name the thing`),
	forbid(`makes? of (?:it|them)`, `"makes of it": write returns or becomes`),
	forbid(`whoever`, `"whoever": name the caller or the user`),
	forbid(`anew`, `"anew": write again`),
	forbid(`nor`, `"nor": write or, or a second sentence`),
	forbid(`of which`, `"of which": write a second sentence`),
	forbid(`as (?:it|they) comes?`, `"as it comes": write unchanged`),
	forbid(`repl(?:y|ies|ied|ying)`, `"reply": write response`),
	forbid(`so that [^.;:]*\bneed(?:s|ed)? not`, `"so that … need not": name the effect`),
	forbid(`what [^.;:,]*\b(?:does|do|did)(?: not|n't) have`, `"what … does not have": name the thing`),
}

func forbid(pattern, advice string) phrase {
	return phrase{regexp.MustCompile(`(?i)\b(?:` + pattern + `)\b`), advice}
}

// A passage is text that may span several lines of a file.
type passage struct {
	text   strings.Builder
	starts []int // the offset in text where each line begins
	lines  []int // the number of each line in the file
}

// add appends a line of the file. number is its line number.
func (p *passage) add(number int, line string) {
	if p.text.Len() > 0 {
		p.text.WriteByte(' ')
	}
	p.starts = append(p.starts, p.text.Len())
	p.lines = append(p.lines, number)
	p.text.WriteString(line)
}

// line returns the number of the line that holds the offset.
func (p *passage) line(offset int) int {
	after := sort.Search(len(p.starts), func(i int) bool { return p.starts[i] > offset })
	return p.lines[after-1]
}

// checkWords reports each forbidden phrase of the passage.
func (f *file) checkWords(p *passage) {
	text := p.text.String()
	for _, ph := range phrases {
		for _, at := range ph.pattern.FindAllStringIndex(text, -1) {
			f.report(p.line(at[0]), "%s", ph.advice)
		}
	}
}
