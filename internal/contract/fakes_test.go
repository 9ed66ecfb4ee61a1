package contract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/integrations-go/sdk/apono/aponotest"
	"github.com/integrations-go/sdk/confluent/confluenttest"
	"github.com/integrations-go/sdk/egeria/egeriatest"
)

func TestServerOfNoTestSaysWhatIsWrong(t *testing.T) {
	var noTest *testing.T
	var noBenchmark *testing.B
	for name, start := range map[string]func(){
		"confluent": func() { confluenttest.NewServer(noTest) },
		"apono":     func() { aponotest.NewServer(noBenchmark) },
		"egeria":    func() { egeriatest.NewServer(noTest) },
		"nothing":   func() { confluenttest.NewServer(nil) },
	} {
		func() {
			defer func() {
				if cause := fmt.Sprint(recover()); !strings.Contains(cause, "tb is nil") {
					t.Errorf("%s: %s", name, cause)
				}
			}()
			start()
		}()
	}
}

func TestNilOptionOfAFakeIsNamed(t *testing.T) {
	for want, start := range map[string]func(){
		"option 1 of 1 is nil": func() { confluenttest.Start(nil) },
		"option 2 of 2 is nil": func() { aponotest.Start(aponotest.WithoutSocket(), nil) },
		"option 2 of 3 is nil": func() { egeriatest.Start(egeriatest.WithoutSocket(), nil, nil) },
	} {
		func() {
			defer func() {
				if cause := fmt.Sprint(recover()); cause != want {
					t.Errorf("%s: %s", want, cause)
				}
			}()
			start()
		}()
	}
}

func TestNilClockOfAFakeIsTheDefault(t *testing.T) {
	confluenttest.NewServer(t, confluenttest.WithClock(nil))
	aponotest.NewServer(t, aponotest.WithClock(nil))
	egeriatest.NewServer(t, egeriatest.WithClock(nil))
}

func TestFakeThatWasNotStartedSaysSo(t *testing.T) {
	for name, use := range map[string]func(){
		"Close":         func() { new(confluenttest.Server).Close() },
		"Handler":       func() { new(aponotest.Server).Handler() },
		"HTTPClient":    func() { new(egeriatest.Server).HTTPClient() },
		"Calls":         func() { new(confluenttest.Server).Calls() },
		"Inject":        func() { new(aponotest.Server).Inject(aponotest.Fault{Status: 500}) },
		"Close, apono":  func() { new(aponotest.Server).Close() },
		"Close, egeria": func() { new(egeriatest.Server).Close() },
	} {
		func() {
			defer func() {
				if cause := fmt.Sprint(recover()); !strings.Contains(cause, "not started: use Start or NewServer") {
					t.Errorf("%s: %s", name, cause)
				}
			}()
			use()
		}()
	}
}
