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
