namespace Qkms.Tests.RootKeys;

/// <summary>Issue 16: <c>root-key add | remove | rotate</c> with keys in a PKCS #11 token, with SoftHSM as the token.</summary>
public sealed class TokenCommandTests : TokenTests
{
    [FactIf(Requirement.SoftHsm)]
    public async Task A_key_that_could_leave_the_token_or_does_not_do_the_work_is_refused_and_nothing_stored()
    {
        _ = App.InitialApiKey;
        Hsm.MakeKey("readable", "01", attributes: "CKA_ENCRYPT CKA_DECRYPT");
        Hsm.MakeKey("extractable", "02", attributes: "CKA_SENSITIVE CKA_EXTRACTABLE CKA_ENCRYPT CKA_DECRYPT");
        Hsm.MakeKey("encrypts", "03", attributes: "CKA_SENSITIVE CKA_ENCRYPT");
        Hsm.MakeKey("decrypts", "04", attributes: "CKA_SENSITIVE CKA_DECRYPT");
        Hsm.MakeKey("short", "05", length: 16);
        Hsm.MakeKey("bad", "06", length: 16, attributes: "CKA_EXTRACTABLE");
        Hsm.MakeKey("twice", "07");
        Hsm.MakeKey("twice", "08");

        await ShouldRefuseAsync("object=readable", "CKA_SENSITIVE is not true");
        await ShouldRefuseAsync("object=extractable", "CKA_EXTRACTABLE is not false");
        await ShouldRefuseAsync("object=encrypts", "CKA_DECRYPT is not true");
        await ShouldRefuseAsync("object=decrypts", "CKA_ENCRYPT is not true");
        await ShouldRefuseAsync("object=short", "CKA_VALUE_LEN is not 32");
        await ShouldRefuseAsync(
            "object=bad",
            "CKA_VALUE_LEN is not 32, CKA_SENSITIVE is not true, CKA_EXTRACTABLE is not false, CKA_ENCRYPT is not true");
        await ShouldRefuseAsync("object=twice", "has 2 secret keys");
        await ShouldRefuseAsync("object=none", "has no secret key");
        await ShouldRefuseAsync("object=twice;id=%09", "has no secret key");
        await ShouldRefuseAsync("object=twice;serial=0", "is not there");
        (await RootKeyCommands.ListAsync(Data)).Should().ContainSingle();

        await MustAsync(Hsm.Environment(), "add", "--pkcs11=pkcs11:token=qkms%20test;object=twice;id=%08");
        await MustAsync(Hsm.Environment(), "add", "--pkcs11=pkcs11:token=qkms%20test;id=%07");
        (await RootKeyCommands.ListAsync(Data)).Select(key => (key.Kind, key.State)).Should().Equal(
            ("root-key", "opens"), ("pkcs11", "not_at_hand"), ("pkcs11", "not_at_hand"));
    }

    [FactIf(Requirement.SoftHsm)]
    public async Task Nothing_is_removed_before_the_token_has_opened_what_stays()
    {
        _ = App.InitialApiKey;
        Hsm.MakeKey("root");
        string said = await MustAsync(Hsm.Environment(), "add", $"--pkcs11={SoftHsm.UriOf("root")}", "--json");
        said.Should().Contain("\"kind\":\"pkcs11\"").And.NotContain(SoftHsm.Pin);
        string[] ids = [.. (await RootKeyCommands.ListAsync(Data)).Select(key => key.Id)];

        await ShouldRefuseAsync([], "pkcs11) is not at hand", "remove", ids[0]);
        await ShouldRefuseAsync(Hsm.Environment(), "pkcs11) is not at hand", "remove", ids[0]);
        await ShouldRefuseAsync(Hsm.Environment("root", pin: "wrong-pin"), "The PIN is not that", "remove", ids[0]);
        Hsm.MakeKey("root", "02");
        await ShouldRefuseAsync(Hsm.Environment("root"), "has 2 secret keys", "remove", ids[0]);
        await ShouldRefuseAsync(Hsm.Environment("root"), "has 2 secret keys", "rotate", $"--file={Folder.File("new")}", "--generate",
            $"--old={ids[0]}");
        File.Exists(Folder.File("new")).Should().BeFalse("what cannot be finished is not begun");
        (await RootKeyCommands.ListAsync(Data)).Should().HaveCount(2);
        Hsm.DeleteKey("root");
        Hsm.DeleteKey("root");
        Hsm.MakeKey("root");
        await ShouldRefuseAsync(Hsm.Environment("root"), "does not open what the database has", "remove", ids[0]);

        // Another one in its place: the file proves itself, and the row that no token opens any more goes.
        await MustAsync(Hsm.Environment(), "rotate", $"--pkcs11={SoftHsm.UriOf("root")}", $"--old={ids[1]}");
        (await RootKeyCommands.ListAsync(Data)).Should().HaveCount(2).And.NotContain(key => key.Id == ids[1]);
        (await MustAsync(Hsm.Environment("root"), "remove", ids[0])).Should().Contain("no longer");
        File.Delete(Path.Combine(Data, "root.key"));

        // From one key of the token to another, and back to a file.
        Hsm.MakeKey("next", "09");
        await MustAsync(Hsm.Environment("root"), "rotate", $"--pkcs11={SoftHsm.UriOf("next")}");
        await ShouldRefuseAsync(Hsm.Environment("root"), "No root key of this database is sealed by", "list");
        (await MustAsync(Hsm.Environment("next"), "list")).Should().Contain("opens now");
        await MustAsync(Hsm.Environment("next"), "rotate", $"--file={Folder.File("back")}", "--generate");
        (await RootKeyCommands.ListAsync(Data, new RootKeyEnvironment(keyFile: Folder.File("back"))))
            .Should().ContainSingle().Which.State.Should().Be("opens");
        (await Client.GetJsonAsync("/audit/events?action=root_key.removed")).Data["events"]!.AsArray().Should().HaveCount(4);
    }

    [FactIf(Requirement.SoftHsm)]
    public async Task A_backup_is_restored_with_the_token_alone()
    {
        _ = App.InitialApiKey;
        Hsm.MakeKey("root");
        await MustAsync(Hsm.Environment(), "rotate", $"--pkcs11={SoftHsm.UriOf("root")}");
        string backup = Folder.File("backup.qkms");
        (int made, string how) = await CommandProcess.RunAsync(Data, [], "backup", backup);
        made.Should().Be(0, how);
        string elsewhere = Folder.File("elsewhere");
        TestStorage.UseEmpty(elsewhere);

        // PostgreSQL's directory has a root key of its own, which is another one's.
        (int refused, string why) = await CommandProcess.RunAsync(elsewhere, Hsm.Environment("root", pin: "wrong-pin"), "restore", backup);
        refused.Should().Be(2);
        why.Should().Contain("The PIN is not that");
        (int restored, string said) = await CommandProcess.RunAsync(elsewhere, Hsm.Environment("root"), "restore", backup);

        restored.Should().Be(0, said);
        (int verified, string found) = await CommandProcess.RunAsync(elsewhere, Hsm.Environment("root"), "verify");
        verified.Should().Be(0, found);
    }

    private Task ShouldRefuseAsync(string key, string words) =>
        ShouldRefuseAsync(Hsm.Environment(), words, "add", $"--pkcs11=pkcs11:token=qkms%20test;{key}");

    private Task<string> MustAsync(Dictionary<string, string?> environment, params string[] arguments) =>
        MustAsync(Data, environment, ["root-key", .. arguments]);
}
