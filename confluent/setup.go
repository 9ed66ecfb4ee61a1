package confluent

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/integrations-go/sdk/internal/core"
)

// SetupStep is one thing that has to be done at the cloud provider before Confluent gets in. The SDK does none of them.
type SetupStep struct {
	Title string
	// Argv is a command, one argument an element. Nothing needs quoting.
	Argv []string
	// URL is a page to open, where the step is not a command.
	URL string
	// Note says what to know about the step.
	Note string
}

// SetupSteps lists the steps for a configuration that the server has completed with Confluent's side: the reply to a create, or a later
// one. An incomplete one is [ErrInvalid].
//
//   - AWS: replace the trust policy of the customer's role by [AWSTrustPolicy].
//   - Azure: consent to Confluent's application, and make a service principal for it. Roles are then assigned to that principal.
//   - Google Cloud: let Confluent's service account act as the customer's. Roles are then granted to the customer's.
func SetupSteps(cfg Config) ([]SetupStep, error) {
	switch v := cfg.Value.(type) {
	case *AWSConfig:
		return awsSteps(v)
	case *AzureConfig:
		return azureSteps(v)
	case *GCPConfig:
		return gcpSteps(v)
	}
	return nil, refuse("SetupSteps", core.Arg("Config", "is of no kind that steps are known for"))
}

// TrustPolicyOptions change [AWSTrustPolicy].
type TrustPolicyOptions struct {
	// TagSession adds a statement that lets Confluent tag its sessions (sts:TagSession), as Confluent's Tableflow examples have it.
	TagSession bool
}

// AWSTrustPolicy is the trust policy, as indented JSON, that lets Confluent's role assume the customer's: sts:AssumeRole for
// iam_role_arn, on condition that sts:ExternalId is external_id. The configuration must have both; the server sets them when it creates
// the integration.
func AWSTrustPolicy(cfg *AWSConfig, opt TrustPolicyOptions) ([]byte, error) {
	if cfg == nil {
		cfg = &AWSConfig{}
	}
	if err := refuse("AWSTrustPolicy", core.Required("IAMRoleARN", cfg.IAMRoleARN), core.Required("ExternalID", cfg.ExternalID)); err != nil {
		return nil, err
	}
	type statement struct {
		Effect    string
		Principal map[string]string
		Action    string
		Condition map[string]map[string]string `json:",omitempty"`
	}
	principal := map[string]string{"AWS": cfg.IAMRoleARN}
	policy := struct {
		Version   string
		Statement []statement
	}{"2012-10-17", []statement{{
		Effect: "Allow", Principal: principal, Action: "sts:AssumeRole",
		Condition: map[string]map[string]string{"StringEquals": {"sts:ExternalId": cfg.ExternalID}},
	}}}
	if opt.TagSession {
		policy.Statement = append(policy.Statement, statement{Effect: "Allow", Principal: principal, Action: "sts:TagSession"})
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(policy); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func awsSteps(cfg *AWSConfig) ([]SetupStep, error) {
	policy, err := AWSTrustPolicy(cfg, TrustPolicyOptions{})
	if err != nil {
		return nil, err
	}
	_, path, _ := strings.Cut(cfg.CustomerIAMRoleARN, ":role/")
	role := path[strings.LastIndex(path, "/")+1:] // a path before the name is no part of it
	if role == "" {
		return nil, refuse("SetupSteps", core.Arg("CustomerIAMRoleARN", "names no role"))
	}
	return []SetupStep{{
		Title: "Let Confluent's role assume the customer's role",
		Argv:  []string{"aws", "iam", "update-assume-role-policy", "--role-name", role, "--policy-document", string(policy)},
		Note:  "This replaces the trust policy that the role has. AWS takes up to about 30 seconds to act on it.",
	}}, nil
}

func azureSteps(cfg *AzureConfig) ([]SetupStep, error) {
	if cfg == nil {
		cfg = &AzureConfig{}
	}
	if err := refuse("SetupSteps", core.Required("ConfluentMultiTenantAppID", cfg.ConfluentMultiTenantAppID), core.PathValue("CustomerAzureTenantID", cfg.CustomerAzureTenantID)); err != nil {
		return nil, err
	}
	consent := "https://login.microsoftonline.com/" + url.PathEscape(cfg.CustomerAzureTenantID) + "/adminconsent?" + url.Values{"client_id": {cfg.ConfluentMultiTenantAppID}}.Encode()
	return []SetupStep{{
		Title: "Consent to Confluent's application in the customer's tenant",
		URL:   consent,
		Note:  "An administrator of the tenant opens this page.",
	}, {
		Title: "Make a service principal for Confluent's application",
		Argv:  []string{"az", "ad", "sp", "create", "--id", cfg.ConfluentMultiTenantAppID},
		Note:  "Assign the roles that the workload needs to this service principal.",
	}}, nil
}

func gcpSteps(cfg *GCPConfig) ([]SetupStep, error) {
	if cfg == nil {
		cfg = &GCPConfig{}
	}
	if err := refuse("SetupSteps", core.Required("GoogleServiceAccount", cfg.GoogleServiceAccount), core.Required("CustomerGoogleServiceAccount", cfg.CustomerGoogleServiceAccount)); err != nil {
		return nil, err
	}
	return []SetupStep{{
		Title: "Let Confluent's service account act as the customer's",
		Argv: []string{
			"gcloud", "iam", "service-accounts", "add-iam-policy-binding", cfg.CustomerGoogleServiceAccount,
			"--member=serviceAccount:" + cfg.GoogleServiceAccount, "--role=roles/iam.serviceAccountTokenCreator",
		},
		Note: "The vendor's documentation grants the role on the customer's service account, as here; its tools print a grant on the whole project with a condition. " +
			"Which of the two is meant is not certain. It takes 1 to 7 minutes to take effect. Grant the roles that the workload needs to the customer's service account.",
	}}, nil
}
