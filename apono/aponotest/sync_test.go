package aponotest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestSyncByReads(t *testing.T) {
	for _, tt := range []struct {
		opts []Option
		want []string
	}{
		{nil, []string{"INITIALIZING", "ACTIVE", "ACTIVE"}},
		{[]Option{WithSyncReads(0)}, []string{"ACTIVE", "ACTIVE", "ACTIVE"}},
		{[]Option{WithSyncTime(time.Hour), WithSyncReads(2)}, []string{"INITIALIZING", "INITIALIZING", "ACTIVE"}},
		{[]Option{WithSyncReads(-1)}, []string{"INITIALIZING", "INITIALIZING", "INITIALIZING"}},
	} {
		c := start(t, tt.opts...)
		made := c.must(200, "POST", v4Path, small)
		same(t, "made", made.str("status"), "INITIALIZING")
		at := v4Path + "/" + made.str("id")
		for i, want := range tt.want {
			path, member := at, "status"
			if i == 1 {
				path, member = v4Path, "items.0.status"
			}
			same(t, fmt.Sprint("read ", i), c.get(path).str(member), want)
		}
	}
}

func TestSyncByClock(t *testing.T) {
	now := time.Unix(1746093600, 5)
	c := start(t, WithClock(func() time.Time { return now }), WithSyncTime(time.Minute))
	made := c.must(200, "POST", v4Path, small)
	v4at, v2at := v4Path+"/"+made.str("id"), v2Path+"/"+made.str("id")
	now = now.Add(time.Minute - 1)
	for range 3 {
		same(t, "early", c.get(v4at).str("status"), "INITIALIZING")
	}
	now = now.Add(time.Hour)
	same(t, "late", c.get(v4at).str("status"), "ACTIVE")
	same(t, "time in v4", c.get(v4at).str("last_sync_time"), "2025-05-01T10:01:00.000000005Z")
	same(t, "time in v2", c.get(v2at).at("last_sync_time"), "1746093660.000000005")
	c.must(200, "POST", v2at+"/refresh", "")
	now = now.Add(time.Minute)
	same(t, "refreshed", c.Integrations()[0].Status, "Active")
}

func TestFailedSyncs(t *testing.T) {
	c := start(t)
	id := c.must(200, "POST", v4Path, small).str("id")
	at := v2Path + "/" + id
	c.SeedResources(id, Resource{ID: "a"}, Resource{ID: "b"})
	c.SeedResources(c.Add(map[string]any{}), Resource{ID: "of another"})
	after := func() string {
		same(t, "running", c.get(at).at("last_sync_time"), "-")
		a := c.get(at)
		return a.str("status") + ", " + a.str("details")
	}
	c.FailSync(id, "error")
	same(t, "failed", after(), "Error, Sync failed")
	c.FailSync(id, "Warning")
	c.must(200, "POST", at+"/refresh", "")
	same(t, "warned", after(), "Warning, 2 resources loaded")
	c.must(200, "POST", at+"/refresh", "")
	c.get(at)
	same(t, "once", c.get(at).str("status"), "Active")
	c.must(200, "POST", at+"/refresh", "")
	same(t, "refreshing", c.get(at).str("status"), "Refreshing")
	c.SetStatus(id, "DISABLED")
	for range 3 {
		same(t, "set", c.get(at).str("status"), "Disabled")
	}
	same(t, "in v4", c.get(v4Path+"/"+id).str("status"), "DISABLED")
	c.SetStatus(id, "paused")
	same(t, "unknown", c.get(v4Path+"/"+id).str("status"), "paused")
	c.must(200, "POST", at+"/refresh", "")
	c.get(at)
	same(t, "mended", c.get(at).str("status"), "Active")
}

// The program under test creates the integration, so the test does not know its ID.
func TestFailSyncNamed(t *testing.T) {
	c := start(t)
	c.FailSyncNamed("db", "error")
	create := func(name string) string {
		body := strings.Replace(small, `"name":"duck"`, `"name":"`+name+`"`, 1)
		at := v4Path + "/" + c.must(200, "POST", v4Path, body).str("id")
		same(t, "running", c.get(at).str("status"), "INITIALIZING")
		return at
	}
	other, db := create("other"), create("db")
	same(t, "of another name", c.get(other).str("status"), "ACTIVE")
	same(t, "of that name", c.get(db).str("status"), "ERROR")
	same(t, "once", c.get(create("db")).str("status"), "ACTIVE")
}

func TestAddStartsNoSync(t *testing.T) {
	c := start(t)
	id := c.Add(map[string]any{"status": "INITIALIZING"})
	c.FailSync(id, "Error")
	for range 5 {
		same(t, "no sync", c.get(v4Path+"/"+id).str("status"), "INITIALIZING")
	}
	c.must(200, "POST", v2Path+"/"+id+"/refresh", "")
	c.get(v4Path + "/" + id)
	same(t, "of the refresh", c.get(v4Path+"/"+id).str("status"), "ERROR")
}

func TestNamedStatusThatNoSyncMetIsReported(t *testing.T) {
	s := Start(WithoutSocket())
	s.FailSyncNamed("db", "Error")
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), `integration named "db"`) {
		t.Error(err)
	}
}
