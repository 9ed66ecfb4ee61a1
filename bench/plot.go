package main

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	binWidth  = 100 * time.Millisecond
	cellWide  = 236
	cellHigh  = 152
	plotWide  = 200
	plotHigh  = 70
	plotTop   = 92
	plotLeft  = 44
	tallest   = 300       // requests in a bin; higher bars are cut off, or the others would not be seen
	colAccept = "#1f4e8c" // apart from the next one without colours, too
	colRefuse = "#e5533d"
	colText   = "#222"
	colNote   = "#555"
	colGrid   = "#ddd"
	colAxis   = "#888"
)

// plot draws requests over time: one column per kind of limit, its clients below each other, and
// the same axes for all. The background is its own, because it is shown on light pages and on dark
// ones.
func plot(runs []run) string {
	var kinds []string
	rows, most := 0, 1
	columns := map[string][]run{}
	for _, r := range runs {
		kind := r.limit.Kind
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
		columns[kind] = append(columns[kind], r)
		rows = max(rows, len(columns[kind]))
		for i, n := range r.bins(true) {
			most = max(most, n+r.bins(false)[i])
		}
	}
	scale := "requests per 100 ms that came to the server, over the seconds since the first one"
	if most > tallest {
		scale += fmt.Sprintf("; bars are cut off at %d", tallest)
	}
	grid := gridOf(min(most, tallest))

	var b strings.Builder
	width, height := plotLeft+cellWide*len(kinds), plotTop+cellHigh*rows
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" `+
		`font-family="sans-serif" font-size="12" role="img">`+"\n",
		width, height, width, height)
	b.WriteString("<title>Requests over time</title>\n")
	b.WriteString(`<rect width="100%" height="100%" rx="6" fill="white"/>` + "\n")
	text(&b, 14, 24, colText, `font-size="15" font-weight="bold"`,
		fmt.Sprintf("Requests over time, %d goroutines against a limit", goroutines))
	text(&b, 14, 43, colNote, "", scale)
	for x, key := range []struct{ colour, name string }{{colAccept, "accepted"}, {colRefuse, "refused (429)"}} {
		fmt.Fprintf(&b, `<rect x="%d" y="52" width="10" height="10" fill="%s"/>`+"\n", 14+x*90, key.colour)
		text(&b, 29+x*90, 61, colText, "", key.name)
	}
	for x, kind := range kinds {
		left := plotLeft + x*cellWide
		text(&b, left, 84, colText, `font-size="14" font-weight="bold"`, kind)
		for y := range columns[kind] {
			cell(&b, left, plotTop+y*cellHigh, grid, &columns[kind][y])
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func text(b *strings.Builder, x, y int, colour, more, s string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" fill="%s" %s>`, x, y, colour, more)
	_ = xml.EscapeText(b, []byte(s)) // a Builder does not fail
	b.WriteString("</text>\n")
}

// bins counts what was accepted, or refused, in each stretch of the run.
func (r *run) bins(accepted bool) []int {
	bins := make([]int, (r.time+binWidth-1)/binWidth)
	for _, e := range r.ledger.Events {
		if e.At < r.time && e.OK == accepted {
			bins[e.At/binWidth]++
		}
	}
	return bins
}

// gridOf is where lines go: up to the first that is not below most.
func gridOf(most int) []int {
	step := 50
	for most > 3*step {
		step *= 2
	}
	grid := []int{0}
	for n := 0; n < most; {
		n += step
		grid = append(grid, n)
	}
	return grid
}

// lines breaks the name of a client, which is too long for one line.
func lines(name string) (string, string) {
	for _, at := range []string{", ", " + "} {
		if first, rest, ok := strings.Cut(name, at); ok {
			return first + strings.TrimRight(at, " +"), strings.TrimLeft(at, ", ") + rest
		}
	}
	return name, ""
}

func cell(b *strings.Builder, left, top int, grid []int, r *run) {
	who, more := lines(r.client)
	if more == "" {
		text(b, left, top+28, colText, "", who)
	} else {
		text(b, left, top+14, colText, "", who)
		text(b, left, top+28, colText, "", more)
	}
	base := top + 50 + plotHigh
	if r.err != nil {
		text(b, left, top+43, colRefuse, "", "failed")
		return
	}
	_, first, later := r.count()
	note := fmt.Sprintf("%s used, 429: %d", percent(r.share()), first+later)
	if r.outcome.Failed > 0 {
		note += fmt.Sprintf(", failed: %d", r.outcome.Failed)
	}
	text(b, left, top+43, colNote, `font-size="11"`, note)
	most := grid[len(grid)-1]
	for _, n := range grid {
		y := float64(base) - float64(n*plotHigh)/float64(most)
		colour := colGrid
		if n == 0 {
			colour = colAxis
		}
		fmt.Fprintf(b, `<path d="M%d %.1fh%d" stroke="%s"/>`+"\n", left, y, plotWide, colour)
		text(b, left-4, int(y)+4, colNote, `font-size="10" text-anchor="end"`, fmt.Sprint(n))
	}
	accepted, refused := r.bins(true), r.bins(false)
	wide := float64(plotWide) / float64(max(len(accepted), 1))
	bars := func(colour string, span func(int) (int, int)) {
		var d strings.Builder
		for i := range accepted {
			from, to := span(i)
			if from, to = min(from, most), min(to, most); from < to {
				unit := float64(plotHigh) / float64(most)
				x, y := float64(left)+float64(i)*wide, float64(base)-float64(from)*unit
				fmt.Fprintf(&d, "M%.1f %.1fh%.1fv-%.1fh-%.1fz", x, y, wide, float64(to-from)*unit, wide)
			}
		}
		if d.Len() > 0 {
			fmt.Fprintf(b, `<path d="%s" fill="%s"/>`+"\n", d.String(), colour)
		}
	}
	bars(colAccept, func(i int) (int, int) { return 0, accepted[i] })
	bars(colRefuse, func(i int) (int, int) { return accepted[i], accepted[i] + refused[i] })
	for i, anchor := range []string{"start", "middle", "end"} {
		at := time.Duration(i) * r.time / 2
		unit := ""
		if i == 2 {
			unit = " s"
		}
		text(b, left+i*plotWide/2, base+13, colNote, `font-size="10" text-anchor="`+anchor+`"`,
			fmt.Sprintf("%g%s", at.Seconds(), unit))
	}
}
