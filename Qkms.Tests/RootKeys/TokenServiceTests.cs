using Qkms.Core.Sealing;
using Qkms.Tests.Support.ChildProcess;

namespace Qkms.Tests.RootKeys;

/// <summary>Issue 16: a root key that a key in a PKCS #11 token has encrypted, with SoftHSM as the token.</summary>
public sealed class TokenServiceTests : TokenTests
{
    private const string Key = "root";

    [FactIf(Requirement.SoftHsm)]
    public async Task A_key_in_a_token_opens_the_installation_alone_and_is_asked_once()
    {
        await SealByTokenAsync();
        Dictionary<string, string?> environment = Hsm.Environment(Key);
        Func<string[]> calls = Hsm.SpyOn(environment);
        using (ServiceProcess service = await ServiceProcess.StartAsync(Data, environment))
        {
            using HttpClient client = service.Client();
            (await client.GetJsonAsync("/kms/keys/active?algorithm=AES-256&name=before")).ShouldBe(HttpStatusCode.OK);
            (await client.GenerateAsync("AES-256", new { name = "after" })).ShouldBe(HttpStatusCode.Created);

            // The token is left as it was found, while the service goes on.
            string[] said = calls();
            said.Count(call => call is "C_Login").Should().Be(1);
            said.Should().ContainInOrder(
                "C_Initialize", "C_OpenSession", "C_Login", "C_Decrypt", "C_Logout", "C_CloseSession", "C_Finalize");
            said[^1].Should().Be("C_Finalize");
            said.Should().NotContain(["C_Encrypt", "C_CreateObject", "C_GenerateKey", "C_WrapKey", "C_SetPIN"]);
            Hsm.SessionFlags().Should().Equal(["0x4"], "it is CKF_SERIAL_SESSION without CKF_RW_SESSION");
            (await service.TerminateAsync()).Should().Be(0);
            calls().Should().Equal(said);
            service.Output.Should().Contain($"the token of {SoftHsm.UriOf(Key)}").And.NotContain(SoftHsm.Pin);
        }

        (int verified, string found) = await CommandProcess.RunAsync(Data, Hsm.Environment(Key), "verify");
        verified.Should().Be(0, found);
        (_, string list) = await CommandProcess.RunAsync(Data, Hsm.Environment(Key), "root-key", "list");
        list.Should().Contain("pkcs11").And.Contain("opens now").And.Contain($"({SoftHsm.UriOf(Key)})");
        (_, string doctor) = await CommandProcess.RunAsync(Data, Hsm.Environment(Key), "doctor");
        doctor.Should().Contain($"It is sealed by {SoftHsm.UriOf(Key)}");
    }

    [FactIf(Requirement.SoftHsm)]
    public async Task Where_a_file_or_a_passphrase_opens_the_token_is_not_asked()
    {
        _ = App.InitialApiKey;
        Hsm.MakeKey(Key);
        await MustAsync(Data, Hsm.Environment(), "root-key", "add", $"--pkcs11={SoftHsm.UriOf(Key)}");
        string phrase = Folder.Write("phrase", "correct horse battery staple lamp");
        await MustAsync(Data, Hsm.Environment(), "root-key", "add", $"--passphrase-file={phrase}");
        await App.DisposeAsync();
        Dictionary<string, string?> environment = Hsm.Environment(Key);
        Func<string[]> calls = Hsm.SpyOn(environment);
        using (ServiceProcess ofFile = await ServiceProcess.StartAsync(Data, environment))
            (await ofFile.TerminateAsync()).Should().Be(0);

        File.Delete(Path.Combine(Data, "root.key"));
        environment["QKMS_PASSPHRASE_FILE"] = phrase;
        using (ServiceProcess ofPassphrase = await ServiceProcess.StartAsync(Data, environment))
            (await ofPassphrase.TerminateAsync()).Should().Be(0);

        calls().Should().BeEmpty();
        environment.Remove("QKMS_PASSPHRASE_FILE");
        using ServiceProcess ofToken = await ServiceProcess.StartAsync(Data, environment);
        calls().Should().Contain("C_Login");
    }

    [FactIf(Requirement.SoftHsm)]
    public async Task Where_nothing_names_the_token_the_start_says_what_to_give()
    {
        await SealByTokenAsync();
        await ShouldNotStartAsync([], "There is no root key", "(pkcs11)", "or the token, with QKMS_PKCS11_MODULE and QKMS_PKCS11_URI");
        await ShouldNotStartAsync(Hsm.Environment(), "There is no root key", "QKMS_PKCS11_URI");
        Hsm.MakeKey("other", "02");
        Dictionary<string, string?> environment = Hsm.Environment("other");
        Func<string[]> calls = Hsm.SpyOn(environment);
        await ShouldNotStartAsync(environment, "QKMS_PKCS11_URI names (pkcs11:token=qkms%20test;object=other)");
        calls().Should().BeEmpty("no row is sealed by that key");
    }

    [FactIf(Requirement.SoftHsm)]
    public async Task A_wrong_PIN_is_tried_once_and_is_in_no_output()
    {
        await SealByTokenAsync();
        Dictionary<string, string?> environment = Hsm.Environment(Key, pin: "not-the-right-pin");
        Func<string[]> calls = Hsm.SpyOn(environment);

        string said = await ShouldNotStartAsync(environment, "The PIN is not that of the token", "It was tried once");

        said.Should().NotContain("not-the-right-pin");
        calls().Count(call => call == "C_Login").Should().Be(1);
        calls()[^1].Should().Be("C_Finalize");
        (int exitCode, string listed) = await CommandProcess.RunAsync(Data, environment, "root-key", "list");
        exitCode.Should().Be(2);
        listed.Should().Contain("The PIN is not that of the token").And.NotContain("not-the-right-pin");
        calls().Count(call => call == "C_Login").Should().Be(2, "that was another process");
        using ServiceProcess service = await ServiceProcess.StartAsync(Data, Hsm.Environment(Key));
    }

    [FactIf(Requirement.SoftHsm)]
    public async Task A_key_or_token_that_is_gone_or_exchanged_is_told_in_one_line()
    {
        await SealByTokenAsync();
        Hsm.MakeKey(Key, "02");
        await ShouldNotStartAsync(Hsm.Environment(Key), "The token has 2 secret keys", "add id=");
        Hsm.DeleteKey(Key);
        Hsm.DeleteKey(Key);
        await ShouldNotStartAsync(Hsm.Environment(Key), "The token has no secret key", SoftHsm.UriOf(Key));
        Hsm.MakeKey(Key);
        await ShouldNotStartAsync(Hsm.Environment(Key), "The token does not open what the database has of root key");
        Hsm.DeleteToken();
        await ShouldNotStartAsync(Hsm.Environment(Key), "is not there", SoftHsm.UriOf(Key));
        Dictionary<string, string?> unconfigured = Hsm.Environment(Key);
        unconfigured["SOFTHSM2_CONF"] = "/nowhere/softhsm2.conf";
        await ShouldNotStartAsync(unconfigured, "does not begin its work: C_Initialize answers");
    }

    [FactIf(Requirement.SoftHsm)]
    public async Task What_somebody_edits_in_the_row_or_brings_from_another_installation_does_not_open()
    {
        await SealByTokenAsync();
        (string rootKeyId, string parameters) = ReadRow(Data);
        string elsewhere = Folder.File("elsewhere");
        Directory.CreateDirectory(elsewhere);
        await using (QkmsApplication other = new(elsewhere))
        {
            _ = other.InitialApiKey;
            await MustAsync(elsewhere, Hsm.Environment(), "root-key", "add", $"--pkcs11={SoftHsm.UriOf(Key)}");
        }

        (string foreignId, string foreign) = ReadRow(elsewhere);
        string[] parts = parameters.Split('$');
        const string Refused = "The token does not open what the database has of root key";
        foreach ((string id, string edited, string words) in ((string, string, string)[])
        [
            (rootKeyId, Joined(3, Flipped(parts[3])), Refused),
            (rootKeyId, Joined(4, Flipped(parts[4])), Refused),
            (rootKeyId, Joined(4, parts[4][..^1] + (parts[4][^1] == 'A' ? 'B' : 'A')), Refused),
            (rootKeyId, foreign, Refused),
            (foreignId, parameters, Refused),
            (new string('0', 32), parameters, Refused),
            (rootKeyId, Joined(5, "pkcs11:token=qkms%20test;object=other"), "No root key of this database is sealed by"),
            (rootKeyId, Joined(4, parts[4][..^4]), "No root key of this database is sealed by"),

            // It is a genuine root key of this token's key, and another one's.
            (foreignId, foreign, "does not open although the root key is the right one"),
        ])
        {
            WriteRow(id, edited);
            await ShouldNotStartAsync(Hsm.Environment(Key), words);
        }

        WriteRow(rootKeyId, parameters);
        using ServiceProcess service = await ServiceProcess.StartAsync(Data, Hsm.Environment(Key));

        string Joined(int part, string value) => string.Join('$', parts.Select((text, i) => i == part ? value : text));

        static string Flipped(string text) => (text[0] == 'A' ? 'B' : 'A') + text[1..];
    }

    [FactIf(Requirement.SoftHsm)]
    public async Task A_token_that_fails_is_not_waited_for_where_there_are_shares_too()
    {
        _ = App.InitialApiKey;
        Hsm.MakeKey(Key);
        await MustAsync(Data, Hsm.Environment(), "root-key", "add", $"--pkcs11={SoftHsm.UriOf(Key)}");
        await MustAsync(Data, Hsm.Environment(Key), "root-key", "add", "--shares=3", "--threshold=2");
        string[] ids = [.. (await RootKeyCommands.ListAsync(Data)).Select(key => key.Id)];
        await MustAsync(Data, Hsm.Environment(Key), "root-key", "remove", ids[0], $"--unproved={ids[2]}");
        await App.DisposeAsync();
        File.Delete(Path.Combine(Data, "root.key"));

        await ShouldNotStartAsync(Hsm.Environment(Key, pin: "not-the-right-pin"), "The PIN is not that of the token");
        await ShouldNotStartAsync(Hsm.Environment("other"), "No root key of this database is sealed by");
        using ServiceProcess service = await ServiceProcess.StartAsync(Data, Hsm.Environment(Key));
        await service.SaysAsync("Qkms runs on");
        service.Output.Should().NotContain("is sealed:");
    }

    // What is stored is AES-256-GCM of SP 800-38D, as the page says, and opens without this program and without a token.
    [FactIf(Requirement.SoftHsm)]
    public async Task What_is_stored_is_what_the_page_says()
    {
        byte[] tokenKey = SoftHsm.NewKnownKey();
        await SealByTokenAsync(tokenKey);

        using RootKey opened = OpenByHand(tokenKey);

        opened.Id.Should().Be(ReadRow(Data).RootKeyId);
    }

    [FactIf(Requirement.SoftHsmAndMemory)]
    public async Task Neither_the_root_key_nor_the_PIN_stays_in_memory()
    {
        byte[] tokenKey = SoftHsm.NewKnownKey();
        await SealByTokenAsync(tokenKey);
        using ServiceProcess service = await ServiceProcess.StartAsync(Data, Hsm.Environment(Key));
        using HttpClient client = service.Client();
        (await client.GetJsonAsync("/kms/keys/active?algorithm=AES-256&name=before")).ShouldBe(HttpStatusCode.OK);
        ProcessMemory.Patterns there = new();
        there.Add<byte>("the URI", Encoding.ASCII.GetBytes(SoftHsm.UriOf(Key)), 16);
        ProcessMemory.Search(service.Id, there).Should().NotBeEmpty("the search finds what is there");

        ProcessMemory.Patterns secrets = new();
        using (RootKey rootKey = OpenByHand(tokenKey))
            secrets.Add("the root key", rootKey.WrappingKey.Secret.Span, 16);

        secrets.Add<byte>("the PIN", Encoding.ASCII.GetBytes(SoftHsm.Pin), SoftHsm.Pin.Length);
        (await LettingGo.LookAsync(service, secrets)).Should().BeEmpty();
    }

    private RootKey OpenByHand(byte[] tokenKey)
    {
        (string rootKeyId, string parameters) = ReadRow(Data);
        string[] parts = parameters.Split('$');
        byte[] nonce = Convert.FromBase64String(parts[3]);
        byte[] sealedKey = Convert.FromBase64String(parts[4]);
        SecretBytes key = SecretBytes.Allocate(32, out Span<byte> destination);
        using AesGcm gcm = new(tokenKey, tagSizeInBytes: 16);
        byte[] associated = new CanonicalWriter(1).Add("qkms/pkcs11-root-key/v1").Add(rootKeyId).Written.ToArray();
        gcm.Decrypt(nonce, sealedKey.AsSpan(0, 32), sealedKey.AsSpan(32), destination, associated);
        return new RootKey(key, "a test");
    }

    // Only the token opens the installation then.
    private async Task SealByTokenAsync(byte[]? tokenKey = null)
    {
        if (tokenKey is null)
            Hsm.MakeKey(Key);
        else
            Hsm.Import(Key, tokenKey);

        _ = App.InitialApiKey;
        await Client.GenerateAsync("AES-256", new { name = "before" });
        string said = await MustAsync(Data, Hsm.Environment(), "root-key", "rotate", $"--pkcs11={SoftHsm.UriOf(Key)}");
        said.Should().Contain($"QKMS_PKCS11_URI='{SoftHsm.UriOf(Key)}'").And.NotContain(SoftHsm.Pin);
        await App.DisposeAsync();
        File.Delete(Path.Combine(Data, "root.key"));
    }
}
