// Package exchanges passes the HTTP exchanges of a test to the module internal/tools, which
// validates them against the specifications. The module of the SDK does not require a validator.
package exchanges

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
)

// FolderVariable is the environment variable with the folder for the exchanges.
const FolderVariable = "SDK_EXCHANGES"

// Exchange is one request and its response.
type Exchange struct {
	// Test is the name of the test that sent the request.
	Test string
	// Operation is the operationId, if the test knows it.
	Operation      string
	Method, URL    string
	RequestHeader  http.Header
	RequestBody    []byte
	Status         int
	ResponseHeader http.Header
	ResponseBody   []byte
}

// New returns the exchange of req and resp. sent and got are their bodies, which have already been
// read.
func New(test string, req *http.Request, sent []byte, resp *http.Response, got []byte) Exchange {
	return Exchange{
		Test: test, Method: req.Method, URL: req.URL.String(), RequestHeader: req.Header, RequestBody: sent,
		Status: resp.StatusCode, ResponseHeader: resp.Header, ResponseBody: got,
	}
}

// Write writes e to a new file of the folder. If FolderVariable is not set, it does nothing. It is
// safe for concurrent use, also by several processes.
func (e Exchange) Write() error {
	folder := os.Getenv(FolderVariable)
	if folder == "" {
		return nil
	}
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, "*.json")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

// Read returns all exchanges in the folder. An empty folder is an error.
func Read(folder string) ([]Exchange, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errors.New("no exchange was written to " + folder)
	}
	all := make([]Exchange, len(names))
	for i, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(b, &all[i]); err != nil {
			return nil, errors.Join(errors.New(name), err)
		}
	}
	return all, nil
}
