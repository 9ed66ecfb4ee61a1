package contract_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
)

// common returns the common view of err.
func common(t *testing.T, err error) *sdk.Error {
	t.Helper()
	e, ok := errors.AsType[*sdk.Error](err)
	require.True(t, ok, "%T %v", err, err)
	return e
}

func TestErrorOfEveryVendorReadsAsOne(t *testing.T) {
	eachInBubble(t, func(t *testing.T, v vendor) {
		for name, answer := range map[string]func(int, request) (*http.Response, error){
			"a status":         always(404, v.failure("gone"), v.requestID, "r-1", "Retry-After", "7"),
			"a broken answer":  always(200, "<html>"),
			"a lost answer":    func(int, request) (*http.Response, error) { return nil, errors.New("cut off") },
			"a refused answer": always(429, v.failure("slow down"), "Retry-After", "3600"),
			"not allowed":      always(401, v.failure("who are you")),
		} {
			c, _ := start(t, v, options{}, answer)
			for _, op := range operations {
				err := op.do(t.Context(), c, call{})
				f, e := viewed(t, v, err), common(t, err)
				want := sdk.Error{
					Vendor: v.name, Operation: f.Operation, Method: f.Method, Path: f.Path, StatusCode: f.StatusCode,
					RequestID: f.RequestID,
					Code:      e.Code, Detail: e.Detail, RetryAfter: f.RetryAfter, Attempts: f.Attempts,
					NotRepeated: e.NotRepeated, OutcomeUnknown: f.OutcomeUnknown,
					Header: f.Header, Body: f.Body, Err: e.Err,
				}
				assert.Equal(t, want, *e, "%s: %s", name, op.name)
				assert.ErrorIs(t, err, e.Err, "Err is the vendor's own")
				assert.Equal(t, err.Error(), e.Error())
				assert.Equal(t, slog.AnyValue(err).Resolve(), e.LogValue())
				assert.ElementsMatch(t, conditions(v, err), conditions(v, e),
					"the same conditions as the vendor's own error")
				assert.Contains(t, fmt.Sprintf("%#v", e), v.name+": "+e.Operation)
			}
		}
	})
}

func TestRefusedArgumentReadsAsOne(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		c, _ := start(t, v, options{}, always(200, v.object("x-1")))
		_, err := c.get(t.Context(), "", call{})
		e := common(t, fmt.Errorf("wrapped: %w", errors.Join(errors.New("another"), err)))
		assert.NotEmpty(t, e.Argument)
		assert.ErrorIs(t, e, sdk.ErrInvalid)
		assert.Zero(t, e.StatusCode)
	})
}

// A field that a vendor does not fill in would stay empty in the common view.
func TestEveryVendorsErrorHasTheCommonFields(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		c, _ := start(t, v, options{}, always(404, v.failure("gone")))
		_, err := c.get(t.Context(), "x-1", call{})
		own := reflect.TypeOf(common(t, err).Err).Elem()
		assert.Equal(t, v.name+".Error", own.String())
		for field := range reflect.TypeFor[sdk.Error]().Fields() {
			if field.Name == "Vendor" {
				continue
			}
			same, ok := own.FieldByName(field.Name)
			if assert.True(t, ok, "%s has no %s", own, field.Name) {
				assert.Equal(t, field.Type, same.Type, field.Name)
			}
		}
	})
}

func TestConditionsAreThoseOfPackageSDK(t *testing.T) {
	shared := map[string]error{
		"ErrNotFound": sdk.ErrNotFound, "ErrUnauthorized": sdk.ErrUnauthorized, "ErrForbidden": sdk.ErrForbidden,
		"ErrConflict": sdk.ErrConflict,
		"ErrInvalid":  sdk.ErrInvalid, "ErrRateLimited": sdk.ErrRateLimited, "ErrQuotaExceeded": sdk.ErrQuotaExceeded,
		"ErrUnavailable": sdk.ErrUnavailable, "ErrOutcomeUnknown": sdk.ErrOutcomeUnknown,
	}
	each(t, func(t *testing.T, v vendor) { assert.Equal(t, shared, v.sentinels) })
}

// The error of a token request is not an error about an object, also in the common view.
func TestErrorOfATokenSourceIsNotTheOutcomeOfTheCall(t *testing.T) {
	each(t, func(t *testing.T, v vendor) {
		inner := &sdk.Error{Vendor: "other", StatusCode: 404}
		c, _ := start(t, v, options{token: tokenError(inner)}, always(200, v.object("x-1")))
		_, err := c.get(t.Context(), "x-1", call{})
		e := common(t, err)
		assert.Equal(t, v.name, e.Vendor, "the outermost is found first")
		assert.Zero(t, e.StatusCode)
		assert.NotErrorIs(t, err, sdk.ErrNotFound)
		assert.ErrorContains(t, err, "authentication")
	})
}

func tokenError(err error) func(context.Context) (string, time.Time, error) {
	return func(context.Context) (string, time.Time, error) { return "", time.Time{}, err }
}
