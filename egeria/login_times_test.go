package egeria_test

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/egeria"
)

func TestATokenServesForAsLongAsItSays(t *testing.T) {
	t.Parallel()
	const asLong = 1000 * time.Hour
	for name, tt := range map[string]struct {
		claims string // with {now}, and {later} one hour later
		life   time.Duration
		serves time.Duration
	}{
		"an hour":                               {`{"iat":{now},"exp":{later}}`, time.Hour, 59 * time.Minute},
		"an hour, by a clock that is 3 h ahead": {`{"iat":1,"exp":3601}`, time.Hour, 59 * time.Minute},
		"an hour, by a clock in the future":     {`{"iat":9999990000,"exp":9999993600}`, time.Hour, 59 * time.Minute},
		"a part of a second": {`{"iat":1700000000.25,"exp":1700000600.75}`, 600*time.Second +
			500*time.Millisecond, 540*time.Second + 500*time.Millisecond},
		"a minute: half of it":               {`{"iat":100,"exp":160}`, time.Minute, 30 * time.Second},
		"no time of issue":                   {`{"exp":{later}}`, time.Hour, 59 * time.Minute},
		"expiry before issue":                {`{"iat":{later},"exp":{later}}`, time.Hour, 59 * time.Minute},
		"no expiry":                          {`{"iat":{now}}`, 0, asLong},
		"no claims":                          {`{}`, 0, asLong},
		"nulls":                              {`{"iat":null,"exp":null}`, 0, asLong},
		"beyond all times":                   {`{"iat":1,"exp":1e300}`, 365 * 24 * time.Hour, asLong},
		"beyond all times, no time of issue": {`{"exp":1e300}`, math.MaxInt64, asLong},
		"beyond all numbers":                 {`{"iat":1,"exp":1e400}`, 365 * 24 * time.Hour, asLong},
		"beyond all numbers, exp alone":      {`{"exp":1e400}`, math.MaxInt64, asLong},
		"before all times":                   {`{"exp":-1e400}`, 0, asLong},
		"texts":                              {`{"iat":"1764000000","exp":"1764003600"}`, time.Hour, 59 * time.Minute},
		"texts with exponents":               {`{"iat":"1e2","exp":" 37.0E2 "}`, time.Hour, 59 * time.Minute},
		"a text and a number":                {`{"iat":"100.5","exp":3700.5}`, time.Hour, 59 * time.Minute},
		"a time of issue that is true":       {`{"iat":true,"exp":{later}}`, time.Hour, 59 * time.Minute},
		"a time of issue that is a list":     {`{"iat":[{now}],"exp":"{later}"}`, time.Hour, 59 * time.Minute},
		"a time of issue that is a word":     {`{"iat":"today","exp":{later}}`, time.Hour, 59 * time.Minute},
		"the year 2100":                      {`{"iat":true,"exp":4102444800}`, 3155760000 * time.Second, asLong},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				claims := strings.NewReplacer("{now}", fmt.Sprint(time.Now().Unix()), "{later}",
					fmt.Sprint(time.Now().Add(time.Hour).Unix())).Replace(tt.claims)
				p := newPlatform(egeria.Dialect6)
				p.login = func(int) response { return plain(http.StatusOK, jwt(claims)) }
				c := p.client(t)
				token, err := c.Login(t.Context())
				require.NoError(t, err)
				if tt.life == 0 {
					assert.Zero(t, token.Expiry)
				} else {
					assert.Equal(t, tt.life, time.Until(token.Expiry))
				}
				list := func() int {
					require.NoError(t, failing(c.Platform.Servers(t.Context())))
					return len(p.logins()) - 1
				}
				require.Equal(t, 1, list())
				time.Sleep(tt.serves - time.Nanosecond)
				require.Equal(t, 1, list(), "renewed too early")
				if tt.serves != asLong {
					time.Sleep(time.Nanosecond)
					require.Equal(t, 2, list(), "renewed too late")
				}
			})
		})
	}
}

func TestATokenIsTakenWhateverItsOtherMembersAre(t *testing.T) {
	t.Parallel()
	const odd = `"n":1e400,"m":[{"iat":true}],"s":"\ud800"`
	token := b64(`{"alg":"none",`+odd+`}`) + "." + b64(`{"iat":1,"exp":3601,`+odd+`}`) + "." + b64("signature")
	p := newPlatform(egeria.Dialect6)
	p.login = func(int) response { return plain(http.StatusOK, token) }
	got, err := p.client(t).Login(t.Context())
	require.NoError(t, err)
	assert.Equal(t, token, got.Value)
	assert.False(t, got.Expiry.IsZero())
}

// The time of a login is part of the token's life.
func TestALifeBeginsBeforeTheLogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform(egeria.Dialect6)
		p.login = func(int) response {
			time.Sleep(10 * time.Second)
			return plain(http.StatusOK, jwt(`{"iat":1,"exp":3601}`))
		}
		token, err := p.client(t).Login(t.Context())
		require.NoError(t, err)
		assert.Equal(t, time.Hour-10*time.Second, time.Until(token.Expiry))
	})
}
