package core

import (
	"errors"
	"net/http"

	"github.com/integrations-go/sdk/ratelimit"
)

// The conditions of a vendor's error, for [errors.Is].
var (
	ErrNotFound       = errors.New("not found")
	ErrUnauthorized   = errors.New("unauthorized")
	ErrForbidden      = errors.New("forbidden")
	ErrConflict       = errors.New("conflict")
	ErrInvalid        = errors.New("invalid")
	ErrRateLimited    = errors.New("rate limited")
	ErrQuotaExceeded  = errors.New("quota exceeded")
	ErrUnavailable    = errors.New("unavailable")
	ErrOutcomeUnknown = errors.New("outcome unknown")
)

// Is reports whether target is a condition of the failure. A response from another host has no
// condition except ErrUnavailable and ErrOutcomeUnknown.
func (f *Failure) Is(target error) bool {
	if target != ErrUnavailable && target != ErrOutcomeUnknown && errors.As(f.Err, new(*otherHostError)) {
		return false
	}
	switch target {
	case ErrNotFound:
		return f.StatusCode == http.StatusNotFound || f.StatusCode == http.StatusGone
	case ErrUnauthorized:
		return f.StatusCode == http.StatusUnauthorized
	case ErrForbidden:
		return f.StatusCode == http.StatusForbidden
	case ErrConflict:
		return f.StatusCode == http.StatusConflict
	case ErrInvalid:
		return f.Argument != "" || invalidStatus(f.StatusCode)
	case ErrRateLimited:
		return f.StatusCode == http.StatusTooManyRequests || errors.Is(f.Err, ratelimit.ErrWaitTooLong)
	case ErrQuotaExceeded:
		return f.StatusCode == http.StatusPaymentRequired
	case ErrUnavailable:
		return f.unavailable()
	case ErrOutcomeUnknown:
		return f.OutcomeUnknown
	}
	return false
}

// invalidStatus reports whether status means that the request is invalid or too large.
func invalidStatus(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong,
		http.StatusUnprocessableEntity, http.StatusRequestHeaderFieldsTooLarge:
		return true
	}
	return false
}

// unavailable reports whether the failure is a temporary response, a response of a gateway, or no
// response.
func (f *Failure) unavailable() bool {
	if f.StatusCode >= 500 || f.StatusCode == http.StatusRequestTimeout || f.StatusCode == http.StatusTooEarly {
		return true
	}
	return errors.As(f.Err, new(*noResponseError)) || errors.As(f.Err, new(*attemptTimeoutError)) ||
		errors.Is(f.Err, errMarkup)
}
