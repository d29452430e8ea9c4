using System.Security.Cryptography.X509Certificates;
using Qkms.Tests.Aws;
using Qkms.Tests.Certificates;

namespace Qkms.Tests.RootKeys;

/// <summary>Issue 16: <c>root-key add | remove | rotate</c> with keys of another KMS, with another Qkms as that one.</summary>
public sealed class OtherKmsCommandTests : OtherKmsTests
{
    [Fact]
    public async Task A_key_that_does_not_do_the_work_is_refused_and_nothing_stored()
    {
        await using OtherKms other = await OtherKms.StartAsync();
        _ = App.InitialApiKey;
        string rsa = await other.MakeKeyAsync("root/rsa", "RSA-2048");
        string hidden = await other.MakeKeyAsync("other");
        AwsSigner encrypts = await other.MakeAccessKeyAsync("crypto:encrypt");
        AwsSigner decrypts = await other.MakeAccessKeyAsync("crypto:decrypt");

        await ShouldRefuseAsync(other.Environment(), "SYMMETRIC_DEFAULT", "add", $"--aws-kms={rsa}");
        await ShouldRefuseAsync(other.Environment(), "NotFoundException", "add", $"--aws-kms={hidden}");
        await ShouldRefuseAsync(other.Environment(), "NotFoundException", "add", "--aws-kms=alias/none");
        await ShouldRefuseAsync(
            other.Environment(accessKey: encrypts), "refuses Decrypt", "add", $"--aws-kms={other.KeyId}");
        await ShouldRefuseAsync(
            other.Environment(accessKey: decrypts), "refuses Encrypt", "add", $"--aws-kms={other.KeyId}");
        await ShouldRefuseAsync(other.Environment(), "not one that AWS KMS takes", "add", "--aws-kms=my key");
        await ShouldRefuseAsync([], "needs QKMS_AWS_KMS_REGION", "add", $"--aws-kms={other.KeyId}");
        await ShouldRefuseAsync(other.Environment(), "a root key is a file", "add", $"--aws-kms={other.KeyId}", "--passphrase");
        (await RootKeyCommands.ListAsync(Data)).Should().ContainSingle();

        await other.DoAsync("CreateAlias", new { AliasName = "alias/root", TargetKeyId = other.KeyId });
        await MustAsync(Data, other.Environment(), "root-key", "add", "--aws-kms=alias/root");
        await MustAsync(Data, other.Environment(), "root-key", "add", $"--aws-kms={other.KeyId}");
        (await RootKeyCommands.ListAsync(Data)).Select(key => (key.Kind, key.State)).Should().Equal(
            ("root-key", "opens"), ("aws-kms", "not_at_hand"), ("aws-kms", "not_at_hand"));
        string[] lines = (await MustAsync(Data, other.Environment("alias/root"), "root-key", "list")).TrimEnd().Split('\n');
        lines.Should().ContainSingle(line => line.Contains("opens now  (alias/root)"));
        lines.Should().ContainSingle(line => line.Contains($"not at hand  ({other.KeyId})"));
    }

    [FactIf(Requirement.LongTests)]
    public async Task Nothing_is_removed_before_the_other_KMS_has_opened_what_stays()
    {
        await using OtherKms other = await OtherKms.StartAsync();
        _ = App.InitialApiKey;
        string said = await MustAsync(Data, other.Environment(), "root-key", "add", $"--aws-kms={other.KeyId}", "--json");
        said.Should().Contain("\"kind\":\"aws-kms\"").And.NotContain(other.AccessKey.Secret);
        string[] ids = [.. (await RootKeyCommands.ListAsync(Data)).Select(key => key.Id)];

        await ShouldRefuseAsync([], "aws-kms) is not at hand", "remove", ids[0]);
        await ShouldRefuseAsync(other.Environment(), "aws-kms) is not at hand", "remove", ids[0]);
        await other.DoAsync("DisableKey", new { KeyId = other.KeyId });
        await ShouldRefuseAsync(other.Environment(other.KeyId), "DisabledException", "remove", ids[0]);
        await ShouldRefuseAsync(
            other.Environment(other.KeyId), "DisabledException", "rotate", $"--file={Folder.File("new")}", "--generate", $"--old={ids[0]}");
        File.Exists(Folder.File("new")).Should().BeFalse("what cannot be finished is not begun");
        (await RootKeyCommands.ListAsync(Data)).Should().HaveCount(2);
        await other.DoAsync("EnableKey", new { KeyId = other.KeyId });
        (await MustAsync(Data, other.Environment(other.KeyId), "root-key", "remove", ids[0])).Should().Contain("no longer");
        File.Delete(Path.Combine(Data, "root.key"));

        // From one key of the other KMS to another one, and back to a file.
        string next = await other.MakeKeyAsync("root/next");
        await MustAsync(Data, other.Environment(other.KeyId), "root-key", "rotate", $"--aws-kms={next}");
        await ShouldRefuseAsync(other.Environment(other.KeyId), "No root key of this database is sealed by", "list");
        (await MustAsync(Data, other.Environment(next), "root-key", "list")).Should().Contain("opens now");
        await MustAsync(Data, other.Environment(next), "root-key", "rotate", $"--file={Folder.File("back")}", "--generate");
        (await RootKeyCommands.ListAsync(Data, new RootKeyEnvironment(keyFile: Folder.File("back"))))
            .Should().ContainSingle().Which.State.Should().Be("opens");
        (await Client.GetJsonAsync("/audit/events?action=root_key.removed")).Data["events"]!.AsArray().Should().HaveCount(3);
    }

    [FactIf(Requirement.LongTests)]
    public async Task By_https_the_certificate_is_checked_and_a_file_can_say_whom_to_trust()
    {
        _ = App.InitialApiKey;
        string? plaintext = null;
        using X509Certificate2 certificate = TestCertificates.Make();
        using FakeAwsKms server = new(
            request =>
            {
                plaintext ??= (string?)JsonNode.Parse(request.Split("\r\n\r\n")[1])!["Plaintext"];
                return FakeAwsKms.Http(200, $$"""{"CiphertextBlob":"AAAA","Plaintext":"{{plaintext}}"}""");
            },
            certificate);
        Dictionary<string, string?> environment = new()
        {
            ["QKMS_AWS_KMS_ENDPOINT"] = server.Url,
            ["QKMS_AWS_KMS_REGION"] = "eu-west-1",
            ["QKMS_AWS_KMS_CREDENTIALS_FILE"] = Folder.Write("credentials", "aws_access_key_id=A\naws_secret_access_key=secret\n"),

            // Nobody is there: whoever asked it would not come through.
            ["HTTPS_PROXY"] = "http://127.0.0.1:1",
        };
        await ShouldRefuseAsync(environment, "its certificate is not trusted here", "add", "--aws-kms=alias/root");
        server.Requests.Should().BeEmpty();
        environment["SSL_CERT_FILE"] = Folder.Write("authorities.pem", certificate.ExportCertificatePem());

        await MustAsync(Data, environment, "root-key", "add", "--aws-kms=alias/root");

        server.Requests.Should().HaveCount(2);
    }

    [FactIf(Requirement.LongTests)]
    public async Task A_backup_is_restored_with_the_other_KMS_alone()
    {
        await using OtherKms other = await OtherKms.StartAsync();
        _ = App.InitialApiKey;
        await MustAsync(Data, other.Environment(), "root-key", "rotate", $"--aws-kms={other.KeyId}");
        string backup = Folder.File("backup.qkms");
        await MustAsync(Data, [], "backup", backup);
        string elsewhere = Folder.File("elsewhere");
        TestStorage.UseEmpty(elsewhere);

        // PostgreSQL's directory has a root key of its own, which is another one's.
        AwsSigner wrong = other.AccessKey with { Secret = "not-the-right-secret" };
        (int refused, string why) = await CommandProcess.RunAsync(elsewhere, other.Environment(other.KeyId, wrong), "restore", backup);
        refused.Should().Be(2);
        why.Should().Contain("InvalidSignatureException").And.NotContain(wrong.Secret);
        await MustAsync(elsewhere, other.Environment(other.KeyId), "restore", backup);
        await MustAsync(elsewhere, other.Environment(other.KeyId), "verify");
    }
}
