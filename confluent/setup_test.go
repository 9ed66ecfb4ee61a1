package confluent_test

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/integrations-go/sdk/confluent"
)

func TestAWSTrustPolicyIsExact(t *testing.T) {
	t.Parallel()
	const (
		head = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {
        "AWS": "arn:aws-us-gov:iam::000000000000:role/cspi-1"
      },
      "Action": "sts:AssumeRole",
      "Condition": {
        "StringEquals": {
          "sts:ExternalId": "a<b>&\"c"
        }
      }
    }`
		tag = `,
    {
      "Effect": "Allow",
      "Principal": {
        "AWS": "arn:aws-us-gov:iam::000000000000:role/cspi-1"
      },
      "Action": "sts:TagSession"
    }`
		foot = `
  ]
}`
	)
	cfg := &confluent.AWSConfig{IAMRoleARN: "arn:aws-us-gov:iam::000000000000:role/cspi-1", ExternalID: `a<b>&"c`}
	for want, opt := range map[string]confluent.TrustPolicyOptions{head + foot: {},
		head + tag + foot: {TagSession: true}} {
		policy, err := confluent.AWSTrustPolicy(cfg, opt)
		require.NoError(t, err)
		assert.Equal(t, want, string(policy))
	}
}

// Without the external ID, the policy would give access to anyone who makes Confluent act for them.
func TestAWSTrustPolicyRefusesAnIncompleteConfig(t *testing.T) {
	t.Parallel()
	for argument, cfgs := range map[string][]*confluent.AWSConfig{
		"IAMRoleARN": {nil, {}, {ExternalID: "x"}, {ExternalID: "x", CustomerIAMRoleARN: role}},
		"ExternalID": {{IAMRoleARN: role}, {IAMRoleARN: role, ExternalID: " "}},
	} {
		for _, cfg := range cfgs {
			for _, tag := range []bool{false, true} {
				policy, err := confluent.AWSTrustPolicy(cfg, confluent.TrustPolicyOptions{TagSession: tag})
				requireRefused(t, err, argument)
				assert.Nil(t, policy)
			}
		}
	}
}

func TestSetupStepsAreExact(t *testing.T) {
	t.Parallel()
	const app = "0a1b2c3d-0000-4000-8000-00000000c0de"
	aws := &confluent.AWSConfig{CustomerIAMRoleARN: role, IAMRoleARN: "arn:aws:iam::111111111111:role/cspi-1",
		ExternalID: "external"}
	policy, err := confluent.AWSTrustPolicy(aws, confluent.TrustPolicyOptions{})
	require.NoError(t, err)
	inPath := *aws
	inPath.CustomerIAMRoleARN = "arn:aws-cn:iam::000000000000:role/teams/data/customer"
	odd := *aws
	odd.CustomerIAMRoleARN = "arn:aws:iam::000000000000:role/it's; rm -rf $HOME"

	type step struct {
		argv []string
		url  string
	}
	for name, tc := range map[string]struct {
		cfg  confluent.ConfigValue
		want []step
	}{
		"AWS": {aws,
			[]step{{argv: []string{"aws", "iam", "update-assume-role-policy", "--role-name", "customer",
				"--policy-document", string(policy)}}}},
		"AWS, a role in a path": {&inPath,
			[]step{{argv: []string{"aws", "iam", "update-assume-role-policy", "--role-name", "customer",
				"--policy-document", string(policy)}}}},
		"AWS, odd characters": {&odd,
			[]step{{argv: []string{"aws", "iam", "update-assume-role-policy", "--role-name", "it's; rm -rf $HOME",
				"--policy-document", string(policy)}}}},
		"Azure": {&confluent.AzureConfig{CustomerAzureTenantID: tenantID, ConfluentMultiTenantAppID: app}, []step{
			{url: "https://login.microsoftonline.com/" + tenantID + "/adminconsent?client_id=" + app},
			{argv: []string{"az", "ad", "sp", "create", "--id", app}},
		}},
		"Azure, odd characters": {&confluent.AzureConfig{CustomerAzureTenantID: "a/../b?c#d &e",
			ConfluentMultiTenantAppID: "x y&z=1#"}, []step{
			{url: "https://login.microsoftonline.com/a%2F..%2Fb%3Fc%23d%20&e/adminconsent?client_id=x+y%26z%3D1%23"},
			{argv: []string{"az", "ad", "sp", "create", "--id", "x y&z=1#"}},
		}},
		"Google Cloud": {&confluent.GCPConfig{CustomerGoogleServiceAccount: gcpAccount,
			GoogleServiceAccount: "cspi-1@cflt.iam.gserviceaccount.com"}, []step{
			{argv: []string{"gcloud", "iam", "service-accounts", "add-iam-policy-binding", gcpAccount,
				"--member=serviceAccount:cspi-1@cflt.iam.gserviceaccount.com",
				"--role=roles/iam.serviceAccountTokenCreator"}},
		}},
		"Google Cloud, odd characters": {&confluent.GCPConfig{CustomerGoogleServiceAccount: "a b'c",
			GoogleServiceAccount: "d e\"f"}, []step{
			{argv: []string{"gcloud", "iam", "service-accounts", "add-iam-policy-binding", "a b'c",
				"--member=serviceAccount:d e\"f", "--role=roles/iam.serviceAccountTokenCreator"}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steps, err := confluent.SetupSteps(confluent.Config{Value: tc.cfg})
			require.NoError(t, err)
			var got []step
			for _, s := range steps {
				assert.NotEmpty(t, s.Title)
				assert.NotEqual(t, s.URL == "", len(s.Argv) == 0, "a command or a page")
				got = append(got, step{s.Argv, s.URL})
				u, err := url.Parse(s.URL)
				require.NoError(t, err)
				if s.URL != "" {
					assert.Equal(t, "login.microsoftonline.com", u.Host)
				}
			}
			assert.Equal(t, tc.want, got)
		})
	}
}

func TestSetupStepsSayWhereTheVendorIsUnclear(t *testing.T) {
	t.Parallel()
	steps, err := confluent.SetupSteps(confluent.Config{Value: &confluent.GCPConfig{CustomerGoogleServiceAccount: "a",
		GoogleServiceAccount: "b"}})
	require.NoError(t, err)
	assert.Contains(t, steps[0].Note, "not certain")
}

func TestSetupStepsRefuseAnIncompleteConfig(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cfg      confluent.ConfigValue
		argument string
	}{
		"none": {nil, "Config"},
		"unknown kind": {&confluent.UnknownConfig{Kind: "Newer",
			Raw: json.RawMessage(`{"kind":"Newer"}`)}, "Config"},
		"nil unknown kind":              {(*confluent.UnknownConfig)(nil), "Config"},
		"AWS, nil":                      {(*confluent.AWSConfig)(nil), "IAMRoleARN"},
		"AWS, Confluent's side missing": {&confluent.AWSConfig{CustomerIAMRoleARN: role}, "IAMRoleARN"},
		"AWS, no external ID": {&confluent.AWSConfig{CustomerIAMRoleARN: role, IAMRoleARN: role},
			"ExternalID"},
		"AWS, no customer's role": {&confluent.AWSConfig{IAMRoleARN: role, ExternalID: "x"},
			"CustomerIAMRoleARN"},
		"AWS, no name in the role": {&confluent.AWSConfig{CustomerIAMRoleARN: "arn:aws:iam::000000000000:role/",
			IAMRoleARN: role, ExternalID: "x"}, "CustomerIAMRoleARN"},
		"AWS, a user": {&confluent.AWSConfig{CustomerIAMRoleARN: "arn:aws:iam::000000000000:user/x",
			IAMRoleARN: role, ExternalID: "x"}, "CustomerIAMRoleARN"},
		"Azure, nil": {(*confluent.AzureConfig)(nil), "ConfluentMultiTenantAppID"},
		"Azure, no app": {&confluent.AzureConfig{CustomerAzureTenantID: tenantID},
			"ConfluentMultiTenantAppID"},
		"Azure, no tenant": {&confluent.AzureConfig{ConfluentMultiTenantAppID: "x"},
			"CustomerAzureTenantID"},
		"Azure, a tenant of dots": {&confluent.AzureConfig{ConfluentMultiTenantAppID: "x",
			CustomerAzureTenantID: ".."}, "CustomerAzureTenantID"},
		"Google Cloud, nil": {(*confluent.GCPConfig)(nil), "GoogleServiceAccount"},
		"Google Cloud, no Confluent's": {&confluent.GCPConfig{CustomerGoogleServiceAccount: gcpAccount},
			"GoogleServiceAccount"},
		"Google Cloud, no customer's": {&confluent.GCPConfig{GoogleServiceAccount: gcpAccount},
			"CustomerGoogleServiceAccount"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steps, err := confluent.SetupSteps(confluent.Config{Value: tc.cfg})
			requireRefused(t, err, tc.argument)
			assert.Nil(t, steps)
		})
	}
}

// The server's response is enough for the steps.
func TestSetupStepsFollowFromWhatTheServerAnswers(t *testing.T) {
	t.Parallel()
	_, c := newPair(t)
	aws, err := c.IntegrationsV1.Create(t.Context(), awsV1("s3", role))
	require.NoError(t, err)
	in, err := c.Integrations.Provision(t.Context(), azure("vault", tenantID))
	require.NoError(t, err)
	gcp, err := c.Integrations.Provision(t.Context(), confluent.IntegrationCreate{Environment: inEnv,
		Config: gcpConfig(gcpAccount)})
	require.NoError(t, err)
	for _, cfg := range []confluent.Config{aws.Config, in.Config, gcp.Config} {
		steps, err := confluent.SetupSteps(cfg)
		require.NoError(t, err)
		assert.NotEmpty(t, steps)
	}
}
