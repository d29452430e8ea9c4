using System.Text.Json;
using System.Text.Json.Nodes;

namespace Qkms.Api.Aws.Operations;

/// <summary>
/// The policy that every key has: "Default key policy" in the developer guide, as GetKeyPolicy answers it for a new key. Who may do what is
/// said by roles, permissions and key names of access keys.
/// </summary>
internal static class DefaultPolicy
{
    private const int MaxLength = 32 * 1024;

    private static readonly string[] _members = ["Version", "Statement"];

    /// <summary>The document.</summary>
    public static string Of(AwsCall call) =>
        $$"""
        {
          "Version" : "2012-10-17",
          "Id" : "key-default-1",
          "Statement" : [ {
            "Sid" : "Enable IAM User Permissions",
            "Effect" : "Allow",
            "Principal" : {
              "AWS" : "arn:aws:iam::{{call.Aws.AccountId}}:root"
            },
            "Action" : "kms:*",
            "Resource" : "*"
          } ]
        }
        """.ReplaceLineEndings("\n");

    /// <summary>Whether a policy says what the default policy says; its ids may be others, or absent.</summary>
    /// <exception cref="KmsException">A ValidationException for its length, or a MalformedPolicyDocumentException.</exception>
    public static bool Is(string policy, AwsCall call)
    {
        AwsParameters.RequireLength(policy.Length, 1, MaxLength, "Policy");
        try
        {
            JsonNode? parsed = JsonNode.Parse(
                policy, documentOptions: new JsonDocumentOptions { MaxDepth = 16, AllowDuplicateProperties = false });
            return Is(parsed as JsonObject ?? throw AwsErrors.MalformedPolicy.With("'Policy' must be a JSON object."), call.Aws.AccountId);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second where an escape stands for half a character.
            throw AwsErrors.MalformedPolicy.With("'Policy' is not valid JSON.");
        }
    }

    private static bool Is(JsonObject policy, string accountId)
    {
        JsonObject expected = new()
        {
            ["Version"] = "2012-10-17",
            ["Statement"] = new JsonArray(new JsonObject
            {
                ["Effect"] = "Allow",
                ["Principal"] = new JsonObject { ["AWS"] = $"arn:aws:iam::{accountId}:root" },
                ["Action"] = "kms:*",
                ["Resource"] = "*",
            }),
        };
        JsonObject said = new(_members.Select(name => KeyValuePair.Create(name, policy[name]?.DeepClone())));
        if (said["Statement"] is JsonArray and [JsonObject only])
            only.Remove("Sid");

        return policy.All(member => member.Key == "Id" || _members.Contains(member.Key)) && JsonNode.DeepEquals(said, expected);
    }
}
