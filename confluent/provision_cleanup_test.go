package confluent_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
	"github.com/integrations-go/sdk/confluent/confluenttest"
)

// provisionCase is a fault of the server with the result of Provision.
type provisionCase struct {
	in     confluent.IntegrationCreate // azure("vault", tenantID) if empty
	faults []confluenttest.Fault
	sent   []string
	status int   // status of the error; 0 with a nil is: no error
	is     error // condition of the error
	left   []string
	given  confluent.Status // status of the returned integration, "" if there is none
	says   []string
}

// noResponse is the status of an error without a response.
const noResponse = -1

// updateFault returns f for the PATCH.
func updateFault(f confluenttest.Fault) confluenttest.Fault {
	f.Operation = opUpdate
	return f
}

// runAll runs the cases over both protocols.
func runAll(t *testing.T, cases map[string]provisionCase) {
	t.Helper()
	for name, tc := range cases {
		for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
			t.Run(name+", "+proto, func(t *testing.T) { tc.check(t, proto) })
		}
	}
}

func (tc provisionCase) check(t *testing.T, proto string) {
	t.Helper()
	t.Parallel()
	var opts []confluenttest.Option
	if proto == "HTTP/2.0" {
		opts = append(opts, confluenttest.WithHTTP2())
	}
	srv, c := newPair(t, opts...)
	for _, f := range tc.faults {
		srv.Inject(f)
	}
	in := tc.in
	if in.Config.IsZero() {
		in = azure("vault", tenantID)
	}
	got, err := c.Integrations.Provision(t.Context(), in)
	assert.Equal(t, tc.sent, sent(srv))
	assert.Equal(t, proto, srv.Calls()[0].Proto)
	if tc.is == nil {
		require.NoError(t, err)
	} else {
		require.ErrorIs(t, err, tc.is)
		assert.Equal(t, max(tc.status, 0), errorOf(t, err).StatusCode)
	}
	for _, s := range tc.says {
		assert.ErrorContains(t, err, s)
	}
	if tc.given == "" {
		assert.Nil(t, got)
	} else if assert.NotNil(t, got) {
		assert.Equal(t, tc.given, got.Status)
		assert.Equal(t, "cspi-00001", got.ID)
	}
	var left []string
	for _, in := range srv.Integrations(env) {
		left = append(left, in.Status)
	}
	assert.Equal(t, tc.left, left)
}

// The PATCH fails, or its response is lost.
func TestProvisionCleansUpWhatItCouldNotConfigure(t *testing.T) {
	t.Parallel()
	runAll(t, map[string]provisionCase{
		"refused for its config: the draft is deleted, the status kept": {
			in:     azure("vault", "no-guid"),
			sent:   []string{"POST 201", "PATCH 400", "GET 200", "DELETE 204"},
			status: 400, is: confluent.ErrInvalid, says: []string{"invalid customer AZURE tenant id"},
		},
		"refused for its kind": {
			in: confluent.IntegrationCreate{Provider: "azure", Environment: inEnv,
				Config: unknownConfig(`{"kind":"Newer"}`)},
			sent:   []string{"POST 201", "PATCH 422", "GET 200", "DELETE 204"},
			status: 422, is: confluent.ErrInvalid,
		},
		"forbidden": {
			faults: []confluenttest.Fault{updateFault(confluenttest.Fault{Status: 403})},
			sent:   []string{"POST 201", "PATCH 403", "GET 200", "DELETE 204"},
			status: 403, is: confluent.ErrForbidden,
		},
		"carried out, the response cut: success": {
			faults: []confluenttest.Fault{updateFault(confluenttest.Fault{Lost: true, Apply: true})},
			sent:   []string{"POST 201", "PATCH 0", "GET 200"},
			left:   []string{"CREATED"}, given: confluent.StatusCreated,
		},
		"carried out, the response 500: success": {
			faults: []confluenttest.Fault{updateFault(confluenttest.Fault{Status: 500, Apply: true})},
			sent:   []string{"POST 201", "PATCH 500", "GET 200"},
			left:   []string{"CREATED"}, given: confluent.StatusCreated,
		},
		"carried out, the response empty: success": {
			faults: []confluenttest.Fault{updateFault(confluenttest.Fault{Status: 200, Apply: true})},
			sent:   []string{"POST 201", "PATCH 200", "GET 200"},
			left:   []string{"CREATED"}, given: confluent.StatusCreated,
		},
		"carried out, the response without an id: success": {
			faults: []confluenttest.Fault{updateFault(confluenttest.Fault{Status: 200, Body: `{}`, Apply: true})},
			sent:   []string{"POST 201", "PATCH 200", "GET 200"},
			left:   []string{"CREATED"}, given: confluent.StatusCreated,
		},
		"carried out, the response broken off: success": {
			faults: []confluenttest.Fault{updateFault(confluenttest.Fault{Truncate: true})},
			sent:   []string{"POST 201", "PATCH 200", "GET 200"},
			left:   []string{"CREATED"}, given: confluent.StatusCreated,
		},
		"lost on its way: the draft is deleted": {
			faults: []confluenttest.Fault{updateFault(confluenttest.Fault{Lost: true})},
			sent:   []string{"POST 201", "PATCH 0", "GET 200", "GET 200", "DELETE 204"},
			status: noResponse, is: confluent.ErrOutcomeUnknown,
		},
		"answered 500, not carried out: the draft is deleted": {
			faults: []confluenttest.Fault{updateFault(confluenttest.Fault{Status: 500})},
			sent:   []string{"POST 201", "PATCH 500", "GET 200", "GET 200", "DELETE 204"},
			status: 500, is: confluent.ErrOutcomeUnknown,
		},
		"limited: repeated, because nothing was done": {
			faults: []confluenttest.Fault{updateFault(confluenttest.Fault{Status: 429})},
			sent:   []string{"POST 201", "PATCH 429", "PATCH 200"},
			left:   []string{"CREATED"}, given: confluent.StatusCreated,
		},
	})
}

// A draft is deleted only if it is still a draft. The error names a draft that remains.
func TestProvisionNamesTheDraftThatItLeaves(t *testing.T) {
	t.Parallel()
	runAll(t, map[string]provisionCase{
		"refused because it is CREATED by now: left alone": {
			faults: []confluenttest.Fault{updateFault(confluenttest.Fault{Status: 409, Apply: true})},
			sent:   []string{"POST 201", "PATCH 409", "GET 200"},
			status: 409, is: confluent.ErrConflict, left: []string{"CREATED"}, given: confluent.StatusCreated,
			says: []string{"left as it is"},
		},
		"of a state that this release does not know: left alone": {
			faults: []confluenttest.Fault{
				updateFault(confluenttest.Fault{Status: 500}),
				{Operation: opGet, Status: 200,
					Body: `{"id":"cspi-00001","status":"PENDING","environment":{"id":"env-1"}}`},
			},
			sent:   []string{"POST 201", "PATCH 500", "GET 200"},
			status: 500, is: confluent.ErrOutcomeUnknown, left: []string{"DRAFT"}, given: "PENDING",
		},
		"gone by the time of the GET": {
			faults: []confluenttest.Fault{updateFault(confluenttest.Fault{Status: 404}),
				{Operation: opGet, Status: 404}},
			sent:   []string{"POST 201", "PATCH 404", "GET 404"},
			status: 404, is: confluent.ErrNotFound, left: []string{"DRAFT"},
		},
		"gone by the time of the DELETE": {
			in:     azure("vault", "no-guid"),
			faults: []confluenttest.Fault{{Operation: opDelete, Status: 404, Apply: true}},
			sent:   []string{"POST 201", "PATCH 400", "GET 200", "DELETE 404"},
			status: 400, is: confluent.ErrInvalid,
		},
		"the GET fails: nothing is deleted, and that is told": {
			in:     azure("vault", "no-guid"),
			faults: []confluenttest.Fault{{Operation: opGet, Status: 403, Body: `{"message":"no reading"}`}},
			sent:   []string{"POST 201", "PATCH 400", "GET 403"},
			status: 400, is: confluent.ErrForbidden, left: []string{"DRAFT"}, given: confluent.StatusDraft,
			says: []string{"invalid customer AZURE tenant id", "may be left behind", "no reading"},
		},
		"the DELETE is lost, then forbidden, and the draft is there": {
			in: azure("vault", "no-guid"),
			faults: []confluenttest.Fault{{Operation: opDelete, Status: 502}, {Operation: opDelete, Status: 403,
				Body: `{"message":"no deleting"}`}},
			sent:   []string{"POST 201", "PATCH 400", "GET 200", "DELETE 502", "DELETE 403", "GET 200"},
			status: 400, is: confluent.ErrForbidden, left: []string{"DRAFT"}, given: confluent.StatusDraft,
			says: []string{"cspi-00001 is left behind", "no deleting"},
		},
		"the DELETE is lost, then forbidden, and the draft is gone": {
			in: azure("vault", "no-guid"),
			faults: []confluenttest.Fault{{Operation: opDelete, Lost: true, Apply: true},
				{Operation: opDelete, Status: 403}, {Operation: opGet, Status: 403, Skip: 1}},
			sent:   []string{"POST 201", "PATCH 400", "GET 200", "DELETE 0", "DELETE 403", "GET 403", "GET 200"},
			status: 400, is: confluent.ErrInvalid,
		},
		"the DELETE fails: both errors and the draft": {
			in:     azure("vault", "no-guid"),
			faults: []confluenttest.Fault{{Operation: opDelete, Status: 403, Body: `{"message":"no deleting"}`}},
			sent:   []string{"POST 201", "PATCH 400", "GET 200", "DELETE 403"},
			status: 400, is: confluent.ErrForbidden, left: []string{"DRAFT"}, given: confluent.StatusDraft,
			says: []string{"invalid customer AZURE tenant id", "cspi-00001 is left behind", "no deleting"},
		},
	})
}
