package main

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// openers are the first words of a noun phrase. The verb "is" or "are" is added before it.
var openers = []string{"The", "A", "An", "All", "One", "Both"}

// verbs are the first words of a description that has a verb. The name becomes its subject.
var verbs = []string{
	"Allows", "Asks", "Binds", "Contains", "Counts", "Describes", "Grants", "Has", "Holds",
	"Identifies", "Is", "Keeps", "Limits", "Links", "Lists", "Maps", "Marks", "Means", "Names",
	"Reports", "Requests", "Selects", "Sets", "Shows", "Skips", "States",
}

// sentences are first words of a description that is already a sentence, like the verbs in lower
// case. Templates write such descriptions.
var sentences = []string{"are", "changes", "sends"}

// properNouns are the first words of the description of a constant with a proper name.
var properNouns = []string{"Amazon", "Apono", "Azure", "Google", "HashiCorp", "Kubernetes", "Microsoft"}

// predicate returns the sentence for the description, without its subject, name.
func predicate(name, description string, constant bool) (string, error) {
	first, rest, _ := strings.Cut(description, " ")
	isFirst := func(verb string) bool { return strings.ToLower(verb) == first }
	switch {
	case slices.Contains(sentences, first), slices.ContainsFunc(verbs, isFirst):
		return description, nil
	case first == "Whether":
		return "reports whether " + rest, nil
	case slices.Contains(verbs, first):
		return strings.ToLower(first) + " " + rest, nil
	case first == "Always":
		return "is always " + rest, nil
	case constant && slices.Contains(properNouns, first):
		return "is " + description, nil
	case constant:
		return "",
			errors.New("the constant's description must begin with a known verb, such as Means, or a known name")
	case slices.Contains(openers, first):
		return be(name, strings.ToLower(first)+" "+rest, rest)
	case strings.HasSuffix(first, "'s"):
		return be(name, description, rest)
	}
	return "", errors.New("the description must begin with an article, a possessive, Whether, Always or a verb")
}

// be adds the verb to a noun phrase. The noun is the last word of its beginning.
func be(name, phrase, beginning string) (string, error) {
	switch noun := head(beginning); {
	case !plural(noun):
		return "is " + phrase, nil
	case plural(name):
		return "are " + phrase, nil
	default:
		return "", errors.New("the name is a singular, but " + noun + " is a plural; begin with a verb such as Holds")
	}
}

// followers are words that end the beginning of a noun phrase.
var followers = []string{
	"and", "as", "at", "behind", "between", "by", "for", "from", "in", "of", "on", "or", "that", "to",
	"where", "which", "who", "whose", "with",
}

// head returns the main noun of a phrase: that of "IAM roles of both sides" is "roles".
func head(phrase string) string {
	noun := ""
	for word := range strings.FieldsSeq(phrase) {
		if slices.Contains(followers, word) {
			break
		}
		noun = strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if strings.ContainsRune(".,;:", rune(word[len(word)-1])) {
			break
		}
	}
	return noun
}

// plural reports whether a noun, or the last part of a name, is a plural.
func plural(noun string) bool {
	stem, ok := strings.CutSuffix(noun, "s")
	if !ok || slices.Contains([]string{"Kubernetes", "series"}, noun) {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(stem)
	return !strings.ContainsRune("sui", last)
}
