package confluent

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/integrations-go/sdk/internal/core"
)

// SetupStep is one step to do at the cloud provider before Confluent has access. The SDK does none
// of them.
type SetupStep struct {
	// Title names the step.
	Title string
	// Argv is a command, one argument per element, without quoting.
	Argv []string
	// URL is a page to open, if the step is not a command.
	URL string
	// Note has further facts about the step.
	Note string
}

// SetupSteps returns the steps that give Confluent access. cfg must have Confluent's identity,
// which the response to a create and later responses have. Without it the error is [ErrInvalid].
//
//   - AWS: replace the trust policy of the customer's role with [AWSTrustPolicy].
//   - Azure: consent to Confluent's application, and create a service principal for it. Then assign
//     roles to that principal.
//   - Google Cloud: allow Confluent's service account to impersonate the customer's service
//     account. Then grant roles to the customer's service account.
func SetupSteps(cfg Config) ([]SetupStep, error) {
	switch v := cfg.Value.(type) {
	case *AWSConfig:
		return awsSteps(v)
	case *AzureConfig:
		return azureSteps(v)
	case *GCPConfig:
		return gcpSteps(v)
	}
	return nil, invalidArg("SetupSteps", core.Arg("Config", "has a kind without known setup steps"))
}

// TrustPolicyOptions configure [AWSTrustPolicy].
type TrustPolicyOptions struct {
	// TagSession adds a statement that allows Confluent to tag its sessions
	// (sts:TagSession), as in Confluent's Tableflow examples.
	TagSession bool
}

// AWSTrustPolicy returns the trust policy of the customer's role, as indented JSON. It allows
// Confluent's role iam_role_arn to assume the customer's role (sts:AssumeRole) if sts:ExternalId is
// external_id. The server sets both members when it creates the integration. Without them the error
// is [ErrInvalid].
func AWSTrustPolicy(cfg *AWSConfig, opt TrustPolicyOptions) ([]byte, error) {
	if cfg == nil {
		cfg = &AWSConfig{}
	}
	err := invalidArg("AWSTrustPolicy",
		core.Required("IAMRoleARN", cfg.IAMRoleARN), core.Required("ExternalID", cfg.ExternalID))
	if err != nil {
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
		tag := statement{Effect: "Allow", Principal: principal, Action: "sts:TagSession"}
		policy.Statement = append(policy.Statement, tag)
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
	role := path[strings.LastIndex(path, "/")+1:] // without the path before the name
	if role == "" {
		return nil, invalidArg("SetupSteps", core.Arg("CustomerIAMRoleARN", "names no role"))
	}
	return []SetupStep{{
		Title: "Let Confluent's role assume the customer's role",
		Argv: []string{
			"aws", "iam", "update-assume-role-policy", "--role-name", role, "--policy-document", string(policy),
		},
		Note: "This replaces the trust policy that the role has. AWS takes up to about 30 seconds to act on it.",
	}}, nil
}

func azureSteps(cfg *AzureConfig) ([]SetupStep, error) {
	if cfg == nil {
		cfg = &AzureConfig{}
	}
	err := invalidArg("SetupSteps", core.Required("ConfluentMultiTenantAppID", cfg.ConfluentMultiTenantAppID),
		core.PathValue("CustomerAzureTenantID", cfg.CustomerAzureTenantID))
	if err != nil {
		return nil, err
	}
	consent := "https://login.microsoftonline.com/" + url.PathEscape(cfg.CustomerAzureTenantID) +
		"/adminconsent?" + url.Values{"client_id": {cfg.ConfluentMultiTenantAppID}}.Encode()
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
	err := invalidArg("SetupSteps", core.Required("GoogleServiceAccount", cfg.GoogleServiceAccount),
		core.Required("CustomerGoogleServiceAccount", cfg.CustomerGoogleServiceAccount))
	if err != nil {
		return nil, err
	}
	return []SetupStep{{
		Title: "Let Confluent's service account act as the customer's",
		Argv: []string{
			"gcloud", "iam", "service-accounts", "add-iam-policy-binding", cfg.CustomerGoogleServiceAccount,
			"--member=serviceAccount:" + cfg.GoogleServiceAccount, "--role=roles/iam.serviceAccountTokenCreator",
		},
		Note: "The vendor's documentation grants the role on the customer's service account, as here; " +
			"its tools print a grant on the whole project with a condition. " +
			"Which of the two is meant is not certain. It takes 1 to 7 minutes to take effect. " +
			"Grant the roles that the workload needs to the customer's service account.",
	}}, nil
}
