package egeriatest

import (
	"slices"
	"time"
	"unicode/utf16"

	"github.com/integrations-go/sdk/internal/fakehttp"
)

const (
	// definitionPause is the time in which 6.1 does not read the definition of a group again.
	definitionPause = 10 * time.Minute
	// definitionRetry is the time after which a daemon tries again to read a definition.
	definitionRetry = 2_000_000 * time.Millisecond
)

// RemoveDefinition removes the definition of a group from a metadata server: a daemon that reads it
// fails. By default, metadata servers of this platform define all groups.
func (s *Server) RemoveDefinition(metadataServer, group string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.undefined[metadataServer] = append(s.undefined[metadataServer], group)
}

// refreshGroup reads the definition of a group again. Since 6.1, it does nothing within 10 minutes
// after the last attempt, even a failed one.
func (c *call) refreshGroup() (fakehttp.Object, *failure) {
	g, failed := c.runningGroup()
	if failed != nil {
		return nil, failed
	}
	now := c.config.Now()
	if c.release.since("6.1") && now.Sub(g.attempted) < definitionPause {
		return nil, nil
	}
	g.attempted = now
	if failed := c.readDefinition(g); failed != nil {
		return nil, failed
	}
	if g.status == assigned {
		g.setStatus("RUNNING")
	}
	g.refreshed = now
	return nil, nil
}

// readDefinitions reads the missing definitions of a daemon, at its start and at each later try.
func (c *call) readDefinitions(found *instance) {
	now := c.config.Now()
	if now.Before(found.retry) {
		return
	}
	found.retry = now.Add(definitionRetry)
	for _, g := range found.groups {
		if g.guid == "" && c.readDefinition(g) == nil {
			g.setStatus("RUNNING")
			g.refreshed = now
		}
	}
}

// readDefinition returns a failure if the definition of a group can't be read. A group with a
// status or connectors of a test needs no metadata server.
func (c *call) readDefinition(g *runningGroup) *failure {
	user := c.instances[c.server].document.Text("localServerUserId")
	metadata := c.instances[g.server]
	switch {
	case slices.Contains(c.undefined[g.server], g.name):
		return invalid(noDefinition, g.name, g.server, c.server)
	case g.guid != "":
		return nil
	case !c.itself(g.platform):
		return c.unread(g, user)
	case metadata == nil || !metadata.running:
		return c.absent(g, user)
	}
	return nil
}

// inMapOrder sorts groups in the order of a Java HashMap of their names.
func inMapOrder(groups []*runningGroup) []*runningGroup {
	size := 16
	for len(groups)*4 > size*3 {
		size *= 2
	}
	bucket := func(g *runningGroup) int {
		var hash uint32
		for _, unit := range utf16.Encode([]rune(g.name)) {
			hash = hash*31 + uint32(unit)
		}
		return int(hash^hash>>16) & (size - 1)
	}
	return slices.SortedStableFunc(slices.Values(groups), func(a, b *runningGroup) int { return bucket(a) - bucket(b) })
}
