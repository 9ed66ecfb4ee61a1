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
	cellWide  = 260
	cellHigh  = 110
	plotWide  = 230
	plotHigh  = 62
	tallest   = 150 // requests in a bin; higher bars are cut off
	plotTop   = 70
	plotLeft  = 20
	colAccept = "#2563a8"
	colRefuse = "#d1342f"
)

// plot draws requests over time: one row per client, one column per kind of limit.
func plot(runs []run) string {
	var kinds, clients []string
	for _, r := range runs {
		if r.err != nil {
			continue
		}
		if !slices.Contains(kinds, r.limit.Kind) {
			kinds = append(kinds, r.limit.Kind)
		}
		if !slices.Contains(clients, r.client) {
			clients = append(clients, r.client)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="11" role="img">`+"\n",
		plotLeft+cellWide*len(kinds), plotTop+cellHigh*len(clients))
	b.WriteString("<title>Requests over time</title>\n" + `<rect width="100%" height="100%" fill="white"/>` + "\n")
	text(&b, plotLeft, 20, fmt.Sprintf("Requests per %v that came to the server; bars end at %d", binWidth, tallest))
	fmt.Fprintf(&b, `<rect x="%d" y="28" width="9" height="9" fill="%s"/>`, plotLeft, colAccept)
	text(&b, plotLeft+14, 37, "accepted")
	fmt.Fprintf(&b, `<rect x="%d" y="28" width="9" height="9" fill="%s"/>`, plotLeft+80, colRefuse)
	text(&b, plotLeft+94, 37, "refused (429)")
	for x, kind := range kinds {
		text(&b, plotLeft+x*cellWide, 58, kind)
		for y, client := range clients {
			if r, ok := findRun(runs, kind, client); ok && r.err == nil {
				cell(&b, plotLeft+x*cellWide, plotTop+y*cellHigh, r)
			}
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func text(b *strings.Builder, x, y int, s string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" fill="#222">`, x, y)
	_ = xml.EscapeText(b, []byte(s)) // a Builder does not fail
	b.WriteString("</text>\n")
}

func cell(b *strings.Builder, left, top int, r run) {
	bins := int((r.time + binWidth - 1) / binWidth)
	accepted, refused := make([]int, bins), make([]int, bins)
	for _, e := range r.ledger.Events {
		if e.At >= r.time {
			continue
		}
		if e.OK {
			accepted[e.At/binWidth]++
		} else {
			refused[e.At/binWidth]++
		}
	}
	text(b, left, top+12, r.client)
	base := top + 18 + plotHigh
	width := float64(plotWide) / float64(max(bins, 1))
	bar := func(bin, from, to int, colour string) {
		from, to = min(from, tallest), min(to, tallest)
		if from == to {
			return
		}
		scale := float64(plotHigh) / tallest
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n",
			float64(left)+float64(bin)*width, float64(base)-float64(to)*scale, max(width-0.4, 0.4), float64(to-from)*scale, colour)
	}
	for i := range bins {
		bar(i, 0, accepted[i], colAccept)
		bar(i, accepted[i], accepted[i]+refused[i], colRefuse)
	}
	fmt.Fprintf(b, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#888"/>`+"\n", left, base, left+plotWide, base)
	text(b, left, base+13, "0 s")
	text(b, left+plotWide-26, base+13, fmt.Sprintf("%.0f s", r.time.Seconds()))
}
