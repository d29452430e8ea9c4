using Qkms.Tests.Aws;
using Qkms.Tests.Support.ChildProcess;

namespace Qkms.Tests.RootKeys;

/// <summary>Issue 16: a root key that a key of another KMS has encrypted, with another Qkms as that one.</summary>
public sealed class OtherKmsServiceTests : OtherKmsTests
{
    [Fact]
    public async Task A_key_of_another_KMS_opens_the_installation_alone_and_is_needed_at_a_start_only()
    {
        await using OtherKms other = await OtherKms.StartAsync();
        await SealAsync(other);
        string list = await MustAsync(Data, other.Environment(other.KeyId), "root-key", "list");
        list.Should().Contain("aws-kms").And.Contain("opens now").And.Contain($"({other.KeyId})");
        (_, string doctor) = await CommandProcess.RunAsync(Data, other.Environment(other.KeyId), "doctor");
        doctor.Should().Contain($"It is sealed by key {other.KeyId} of the other KMS at {other.Url}");
        await MustAsync(Data, other.Environment(other.KeyId), "verify");
        using (ServiceProcess service = await ServiceProcess.StartAsync(Data, other.Environment(other.KeyId)))
        {
            using HttpClient client = service.Client();
            (await client.GetJsonAsync("/kms/keys/active?algorithm=AES-256&name=before")).ShouldBe(HttpStatusCode.OK);
            await other.StopAsync();
            (await client.GenerateAsync("AES-256", new { name = "after" })).ShouldBe(HttpStatusCode.Created);
            (await service.TerminateAsync()).Should().Be(0);
            service.Output.Should().Contain($"the key {other.KeyId} of the other KMS").And.NotContain(other.AccessKey.Secret);
        }

        (await ShouldNotStartAsync(other.Environment(other.KeyId), $"The other KMS at {other.Url} cannot be reached: nobody takes"))
            .Should().NotContain(other.AccessKey.Secret);
        (int exitCode, string said) = await CommandProcess.RunAsync(Data, other.Environment(other.KeyId), "root-key", "list");
        exitCode.Should().Be(2, said);
        await other.StartAgainAsync();
        using ServiceProcess again = await ServiceProcess.StartAsync(Data, other.Environment(other.KeyId));
    }

    [Fact]
    public async Task Where_a_file_opens_the_other_KMS_is_not_asked()
    {
        await using OtherKms other = await OtherKms.StartAsync();
        _ = App.InitialApiKey;
        await MustAsync(Data, other.Environment(), "root-key", "add", $"--aws-kms={other.KeyId}");
        await App.DisposeAsync();
        await other.StopAsync();

        using ServiceProcess service = await ServiceProcess.StartAsync(Data, other.Environment(other.KeyId));
        (await service.TerminateAsync()).Should().Be(0);
        File.Delete(Path.Combine(Data, "root.key"));
        await ShouldNotStartAsync(other.Environment(other.KeyId), "cannot be reached");
    }

    [Fact]
    public async Task Where_nothing_names_the_key_the_start_says_what_to_give()
    {
        await using OtherKms other = await OtherKms.StartAsync();
        await SealAsync(other);
        string next = await other.MakeKeyAsync("root/next");
        await other.StopAsync();

        await ShouldNotStartAsync(
            [], "There is no root key", "(aws-kms)", "or the other KMS, with QKMS_AWS_KMS_REGION and QKMS_AWS_KMS_KEY");
        await ShouldNotStartAsync(other.Environment(), "There is no root key", "QKMS_AWS_KMS_KEY");
        await ShouldNotStartAsync(
            other.Environment(next), "No root key of this database is sealed by", $"QKMS_AWS_KMS_KEY names ({next})");
        Dictionary<string, string?> far = other.Environment(other.KeyId);
        far["QKMS_AWS_KMS_ENDPOINT"] = "http://192.0.2.1";
        await ShouldNotStartAsync(far, "QKMS_AWS_KMS_ENDPOINT must be https");
    }

    [FactIf(Requirement.LongTests)]
    public async Task What_the_other_KMS_refuses_is_told_in_one_line_by_its_exception()
    {
        await using OtherKms other = await OtherKms.StartAsync();
        await SealAsync(other);
        AwsSigner wrong = other.AccessKey with { Secret = "not-the-right-secret" };
        string said = await ShouldNotStartAsync(
            other.Environment(other.KeyId, wrong), "InvalidSignatureException", other.AccessKey.AccessKeyId, "the clocks");
        said.Should().NotContain(wrong.Secret);
        await ShouldNotStartAsync(
            other.Environment(other.KeyId, wrong with { AccessKeyId = "AKIAAAAAAAAAAAAAAAAA" }), "UnrecognizedClientException");
        AwsSigner encrypts = await other.MakeAccessKeyAsync("crypto:encrypt");
        await ShouldNotStartAsync(other.Environment(other.KeyId, encrypts), "AccessDeniedException", "Allow access key");
        Dictionary<string, string?> otherRegion = other.Environment(other.KeyId);
        otherRegion["QKMS_AWS_KMS_REGION"] = "us-east-2";
        using (ServiceProcess service = await ServiceProcess.StartAsync(Data, otherRegion))
            (await service.TerminateAsync()).Should().Be(0);

        await other.DoAsync("DisableKey", new { KeyId = other.KeyId });
        await ShouldNotStartAsync(other.Environment(other.KeyId), "DisabledException", "enable it there");
        await other.DoAsync("EnableKey", new { KeyId = other.KeyId });
        await other.DoAsync("ScheduleKeyDeletion", new { KeyId = other.KeyId, PendingWindowInDays = 7 });
        await ShouldNotStartAsync(other.Environment(other.KeyId), "KMSInvalidStateException", "cancel that there");
        await other.DoAsync("CancelKeyDeletion", new { KeyId = other.KeyId });
        await other.DoAsync("EnableKey", new { KeyId = other.KeyId });

        // A key that was rotated there still opens.
        await other.DoAsync("RotateKeyOnDemand", new { KeyId = other.KeyId });
        using ServiceProcess again = await ServiceProcess.StartAsync(Data, other.Environment(other.KeyId));
    }

    [FactIf(Requirement.LongTests)]
    public async Task What_somebody_edits_in_the_row_or_brings_from_another_installation_does_not_open()
    {
        await using OtherKms other = await OtherKms.StartAsync();
        await SealAsync(other);
        (string rootKeyId, string parameters) = ReadRow(Data);
        string elsewhere = Folder.File("elsewhere");
        Directory.CreateDirectory(elsewhere);
        await using (QkmsApplication foreignOne = new(elsewhere))
        {
            _ = foreignOne.InitialApiKey;
            await MustAsync(elsewhere, other.Environment(), "root-key", "add", $"--aws-kms={other.KeyId}");
        }

        (string foreignId, string foreign) = ReadRow(elsewhere);
        string next = await other.MakeKeyAsync("root/next");
        string[] parts = parameters.Split('$');
        byte[] flipped = Convert.FromBase64String(parts[2]);
        flipped[^1] ^= 1;
        const string Refused = "does not open what the database has of root key";
        foreach ((string id, string edited, string words) in ((string, string, string)[])
        [
            (rootKeyId, $"$aws-kms${Convert.ToBase64String(flipped)}${other.KeyId}", $"{Refused} {rootKeyId}"),
            (rootKeyId, $"$aws-kms$AAAA${other.KeyId}", "InvalidCiphertextException"),
            (rootKeyId, foreign, "InvalidCiphertextException"),
            (foreignId, parameters, "InvalidCiphertextException"),
            (rootKeyId, $"$aws-kms${parts[2]}${next}", "No root key of this database is sealed by"),
            (rootKeyId, $"$aws-kms${parts[2]}$", "No root key of this database is sealed by"),

            // It is a genuine root key of this key, and another installation's.
            (foreignId, foreign, "does not open although the root key is the right one"),
        ])
        {
            WriteRow(id, edited);
            await ShouldNotStartAsync(other.Environment(other.KeyId), words);
        }

        // The process was told of the other key, and the row names it: what the first key made does not open with it.
        WriteRow(rootKeyId, $"$aws-kms${parts[2]}${next}");
        await ShouldNotStartAsync(other.Environment(next), Refused, "IncorrectKeyException");
        WriteRow(rootKeyId, parameters);
        using ServiceProcess service = await ServiceProcess.StartAsync(Data, other.Environment(other.KeyId));
    }

    [FactIf(Requirement.ProcessMemory)]
    public async Task Neither_the_root_key_nor_the_secret_access_key_stays_in_memory()
    {
        await using OtherKms other = await OtherKms.StartAsync();
        await SealAsync(other);
        (string rootKeyId, string parameters) = ReadRow(Data);
        Answer opened = await other.DoAsync("Decrypt", new
        {
            CiphertextBlob = parameters.Split('$')[2],
            EncryptionContext = new Dictionary<string, string>
            {
                ["qkms:purpose"] = "qkms/aws-kms-root-key/v1",
                ["qkms:root-key-id"] = rootKeyId,
            },
        });
        string text = opened.Member("Plaintext");
        using RootKey rootKey = new(SecretBytes.CopyOf(Convert.FromBase64String(text)), "a test");
        rootKey.Id.Should().Be(rootKeyId, "what is stored is what the page says");
        using ServiceProcess service = await ServiceProcess.StartAsync(Data, other.Environment(other.KeyId));
        using HttpClient client = service.Client();
        (await client.GetJsonAsync("/kms/keys/active?algorithm=AES-256&name=before")).ShouldBe(HttpStatusCode.OK);
        ProcessMemory.Patterns there = new();
        there.Add<byte>("the id of the key", Encoding.ASCII.GetBytes(other.KeyId), 16);
        ProcessMemory.Search(service.Id, there).Should().NotBeEmpty("the search finds what is there");

        ProcessMemory.Patterns secrets = new();
        secrets.Add("the root key", rootKey.WrappingKey.Secret.Span, 16);
        secrets.Add<byte>("the root key in base64", Encoding.ASCII.GetBytes(text), 16);
        secrets.Add<byte>("the root key in UTF-16", Encoding.Unicode.GetBytes(text), 16);
        secrets.Add<byte>("the secret access key", Encoding.ASCII.GetBytes(other.AccessKey.Secret), 16);
        secrets.Add<byte>("the secret access key in UTF-16", Encoding.Unicode.GetBytes(other.AccessKey.Secret), 16);
        (await LettingGo.LookAsync(service, secrets)).Should().BeEmpty();
    }
}
