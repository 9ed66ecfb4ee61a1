package sdk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk"
)

const secret = "s3cr3t-canary"

func TestCollectReturnsTheListAndWhatCameBeforeAnError(t *testing.T) {
	t.Parallel()
	errLost := errors.New("lost")
	seq := func(n int, err error) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := range n {
				if !yield(i, nil) {
					return
				}
			}
			if err != nil {
				yield(0, err)
			}
		}
	}
	for name, tc := range map[string]struct {
		seq  iter.Seq2[int, error]
		want []int
		err  error
	}{
		"items":               {seq(3, nil), []int{0, 1, 2}, nil},
		"none":                {seq(0, nil), nil, nil},
		"an error at the end": {seq(2, errLost), []int{0, 1}, errLost},
		"an error alone":      {seq(0, errLost), nil, errLost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sdk.Collect(tc.seq)
			assert.Equal(t, tc.want, got)
			assert.Equal(t, tc.err, err)
		})
	}
}

// otherToken has the shape of another library's token.
type otherToken struct {
	AccessToken string
	Expiry      time.Time
}

func fromOther(t *otherToken) sdk.Token { return sdk.Token{Value: t.AccessToken, Expiry: t.Expiry} }

func TestAdaptTokenSourceConvertsTokens(t *testing.T) {
	t.Parallel()
	expiry := time.Now().Add(time.Hour)
	source := sdk.AdaptTokenSource(func() (*otherToken, error) { return &otherToken{secret, expiry}, nil }, fromOther)
	got, err := source.Token(t.Context())
	require.NoError(t, err)
	assert.Equal(t, sdk.Token{Value: secret, Expiry: expiry}, got)

	errRefused := errors.New("refused")
	_, err = sdk.AdaptTokenSource(func() (*otherToken, error) { return nil, errRefused }, fromOther).Token(t.Context())
	assert.ErrorIs(t, err, errRefused, "convert is not called with the nil token")

	_, err = sdk.AdaptTokenSource(func() (*otherToken, error) { panic("no") }, fromOther).Token(t.Context())
	assert.ErrorContains(t, err, "panicked")
}

func TestAdaptTokenSourceEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		source := sdk.AdaptTokenSource(func() (*otherToken, error) {
			n := calls.Add(1)
			time.Sleep(time.Hour)
			return &otherToken{AccessToken: fmt.Sprint(n)}, nil
		}, fromOther)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		_, err := source.Token(ctx)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(begin))

		_, err = source.Token(ctx)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.EqualValues(t, 1, calls.Load(), "nothing is asked for a context that has ended")
		time.Sleep(time.Hour)
	})
}

// A call that starts while the function runs waits for its result. It does not start another one.
func TestAdaptTokenSourceAsksOneAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		source := sdk.AdaptTokenSource(func() (*otherToken, error) {
			n := calls.Add(1)
			time.Sleep(time.Minute)
			return &otherToken{AccessToken: fmt.Sprint("token ", n)}, nil
		}, fromOther)
		hurried, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := source.Token(hurried)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				got, err := source.Token(t.Context())
				assert.NoError(t, err)
				assert.Equal(t, "token 1", got.Value, "that of the call that gave up")
			})
		}
		group.Wait()
		got, err := source.Token(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "token 2", got.Value, "nothing is kept: the client does that")
		assert.EqualValues(t, 2, calls.Load())
	})
}

func TestAdaptTokenSourceOfNothingIsNil(t *testing.T) {
	t.Parallel()
	assert.Equal(t, sdk.TokenSourceFunc(nil) == nil, sdk.AdaptTokenSource(nil, fromOther).(sdk.TokenSourceFunc) == nil)
	convertNil := sdk.AdaptTokenSource(func() (*otherToken, error) { return &otherToken{}, nil }, nil)
	assert.Nil(t, convertNil.(sdk.TokenSourceFunc))
}

func TestATokenShowsNowhere(t *testing.T) {
	t.Parallel()
	token := sdk.Token{Value: secret, Expiry: time.Now()}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", token)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "token", token, "inside", struct{ Token sdk.Token }{token})
	encoded, err := json.Marshal(token)
	require.NoError(t, err)
	for _, text := range []string{
		fmt.Sprint(token), fmt.Sprintf("%+v %#v %s %q %x %d", token, token, token, token, token, token),
		fmt.Sprintf("%+v %#v", &token, []sdk.Token{token}), string(encoded), log.String(),
	} {
		assert.NotContains(t, text, secret)
		assert.NotContains(t, text, fmt.Sprintf("%x", secret))
	}
}

func TestAnAmbiguousNameIsAConflict(t *testing.T) {
	t.Parallel()
	err := &sdk.AmbiguousError{Name: "warehouse", IDs: []string{"i-1", "i-2"}}
	assert.ErrorIs(t, err, sdk.ErrConflict)
	assert.NotErrorIs(t, err, sdk.ErrNotFound)
	assert.EqualError(t, err, `2 integrations are named "warehouse": i-1, i-2`)
}

func TestLogsShowNoContents(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	logger.Info("x", "page", sdk.Page[string]{Items: []string{secret, secret}})
	logger.Info("x", "result", sdk.EnsureResult[hidden]{Action: sdk.EnsureUpdated, Integration: &hidden{secret},
		Differences: []string{"a"}})
	logger.Info("x", "result", sdk.EnsureResult[hidden]{Action: sdk.EnsureCreated})
	assert.NotContains(t, log.String(), secret)
	assert.Contains(t, log.String(), "page.items=2")
	assert.Contains(t, log.String(), "result.action=updated result.differences=[a] result.integration=hidden")
}

// hidden is an integration whose fields package slog does not see.
type hidden struct{ value string }

func (hidden) LogValue() slog.Value { return slog.StringValue("hidden") }

func TestAnErrorThatIsBuiltByHandIsWhatItsFieldsSay(t *testing.T) {
	t.Parallel()
	e := &sdk.Error{Vendor: "confluent", Operation: "Integrations.Get", StatusCode: 404, Attempts: 2}
	assert.EqualError(t, e, "confluent: Integrations.Get: 404 Not Found (attempts 2)")
	assert.ErrorIs(t, e, sdk.ErrNotFound)
	assert.NotErrorIs(t, e, sdk.ErrConflict)
	assert.Equal(t, e.Error(), fmt.Sprintf("%#v", e))

	e.Err = io.ErrUnexpectedEOF
	assert.ErrorIs(t, e, io.ErrUnexpectedEOF)
	assert.NotErrorIs(t, e, sdk.ErrNotFound, "the vendor's error decides")
	assert.Equal(t, slog.KindGroup, e.LogValue().Kind())
}

func TestDefaultRetryPolicy(t *testing.T) {
	t.Parallel()
	assert.Equal(t, sdk.RetryPolicy{
		MaxAttempts: 5, MinDelay: 500 * time.Millisecond, MaxDelay: 30 * time.Second, MaxServerWait: 65 * time.Second,
		Budget: 50,
	}, sdk.DefaultRetryPolicy())
}
