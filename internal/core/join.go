package core

import "strings"

// joinedErrors are several errors of one call. Their text is on one line.
type joinedErrors struct{ errs []error }

// Join is [errors.Join] with a text on one line: the texts of the errors, separated by "; ". A
// single error is returned unchanged.
func Join(errs ...error) error {
	var joined []error
	for _, err := range errs {
		if err != nil {
			joined = append(joined, err)
		}
	}
	switch len(joined) {
	case 0:
		return nil
	case 1:
		return joined[0]
	}
	return &joinedErrors{joined}
}

func (j *joinedErrors) Error() string {
	texts := make([]string, len(j.errs))
	for i, err := range j.errs {
		texts[i] = OneLine(err.Error())
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns the errors.
func (j *joinedErrors) Unwrap() []error { return j.errs }
