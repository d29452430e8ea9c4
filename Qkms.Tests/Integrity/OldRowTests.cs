using Qkms.Tests.Aws;

namespace Qkms.Tests.Integrity;

// V-03
/// <summary>
/// F-11: a row that the service itself wrote, and has written over since, is put back alone. Its seal holds, and still it is refused: the
/// row of a key says what state each of its versions is in.
/// </summary>
public sealed class OldRowTests : ServiceTests
{
    private const string Message = "aGVsbG8=";

    public static TheoryData<string> Changes => ["revoke", "retire", "rotate", "revoke-retired", "order", "cancel", "destroy"];

    // Not after a rotation: the unique index of active versions keeps the old row out there.
    public static TheoryData<string> ChangesOfVersions => ["revoke", "retire", "revoke-retired", "order", "cancel", "destroy"];

    [Theory]
    [MemberData(nameof(ChangesOfVersions))]
    public async Task An_old_row_of_a_version_is_refused_and_named(string change)
    {
        string kid = await PrepareAsync(change);
        OldRow row = Save("key_versions", $"kid = '{kid}'");
        await ChangeAsync(change, kid);

        row.PutBack();

        await ShouldBeRefusedAsync(kid, number: 1);
        Broken(await Client.PostJsonAsync("/kms/keys/retire", """{"algorithm":"ML-DSA-44","key_version":1,"allow_no_active":true}"""));
        Broken(await Client.RevokeAsync(kid));
        Broken(await Client.DestroyAsync(kid));
        ShouldBeNamed(kid);
        await OthersShouldWorkAsync();
    }

    // The row of the key is the older one here: what it says of its versions is not what they say.
    [Theory]
    [MemberData(nameof(Changes))]
    public async Task An_old_row_of_a_key_is_refused_and_the_version_named(string change)
    {
        string kid = await PrepareAsync(change);
        OldRow row = Save("keys", "name = 'default'");
        await ChangeAsync(change, kid);

        row.PutBack();

        await ShouldBeRefusedAsync(kid, number: 1);
        Broken(await Client.RevokeAsync(kid));
        ShouldBeNamed(kid);
        await OthersShouldWorkAsync();
    }

    // F-11, sibling: nothing of the versions has changed, and only the journal tells that the row of the key is an older one.
    [Theory]
    [InlineData("DisableKey")]
    [InlineData("ScheduleKeyDeletion")]
    [InlineData("CancelKeyDeletion")]
    [InlineData("UpdateKeyDescription")]
    public async Task An_old_row_of_a_key_that_was_changed_as_a_whole_is_refused_and_named(string change)
    {
        await Client.GenerateAsync("ML-DSA-44", new { name = "witness" });
        Answer made = await Client.GenerateAsync("ML-DSA-44");
        (string kid, string id) = (made.Text("kid"), made.Text("key_id"));
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        if (change == "CancelKeyDeletion")
            (await Client.CallAsync(signer, "ScheduleKeyDeletion", new { KeyId = id })).ShouldBe(HttpStatusCode.OK);

        OldRow row = Save("keys", "name = 'default'");
        (await Client.CallAsync(signer, change, new { KeyId = id, Description = "other" })).ShouldBe(HttpStatusCode.OK);

        row.PutBack();

        await ShouldBeRefusedAsync(kid, number: 1);
        Broken(await Client.RevokeAsync(kid));
        (await Client.CallAsync(signer, "DescribeKey", new { KeyId = id })).ShouldBeException("KMSInternalException", 500);
        (await Client.CallAsync(signer, "EnableKey", new { KeyId = id })).ShouldBeException("KMSInternalException", 500);
        ShouldBeNamed(kid);
        await OthersShouldWorkAsync();
    }

    // F-11, sibling of F-12: whoever puts an order back that was called off has no key deleted.
    [Fact]
    public async Task A_cancelled_order_of_deletion_put_back_deletes_nothing()
    {
        Answer made = await Client.GenerateAsync("AES-256");
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        (await Client.CallAsync(signer, "ScheduleKeyDeletion", new { KeyId = made.Text("key_id"), PendingWindowInDays = 7 }))
            .ShouldBe(HttpStatusCode.OK);
        OldRow row = Save("keys", "name = 'default'");
        (await Client.CallAsync(signer, "CancelKeyDeletion", new { KeyId = made.Text("key_id") })).ShouldBe(HttpStatusCode.OK);
        row.PutBack();

        (await App.DeleteKeysAfterAsync(TimeSpan.FromDays(30))).Should().Be(0);

        ShouldBeNamed(made.Text("kid"));
        using Database database = App.OpenDatabase();
        byte[] wrapped = (byte[])database.Scalar(
            $"SELECT wrapped FROM key_material WHERE version_id = (SELECT id FROM key_versions WHERE kid = '{made.Text("kid")}')")!;
        wrapped.Should().Contain(one => one != 0, "the private key is still there");
    }

    // F-11: version 2 signed although next_version was 2.
    [Fact]
    public async Task A_version_that_its_key_has_given_no_number_to_is_refused()
    {
        string first = (await Client.GenerateAsync("ML-DSA-44")).Text("kid");
        await Client.GenerateAsync("ML-DSA-44", new { name = "witness" });
        OldRow row = Save("keys", "name = 'default'");
        string second = (await Client.RotateAsync("ML-DSA-44")).Text("kid");

        row.PutBack();

        await ShouldBeRefusedAsync(second, number: 2);
        await ShouldBeRefusedAsync(first, number: 1);
        Broken(await Client.ActiveAsync("ML-DSA-44"));
        Broken(await Client.UseAsync("/signature/sign", new { message = Message, algorithm = "ML-DSA-44" }));
        Broken(await Client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"ML-DSA-44"}"""));
        Broken(await Client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"ML-DSA-44"}"""));
        ShouldBeNamed(first);
        ShouldBeNamed(second);
        await OthersShouldWorkAsync();
    }

    // F-11, sibling: the key's newest version is lost, and so would be its number.
    [Fact]
    public async Task A_key_whose_newest_version_is_lost_makes_no_other_in_its_place()
    {
        string kid = (await Client.GenerateAsync("ML-DSA-44")).Text("kid");
        await Client.GenerateAsync("ML-DSA-44", new { name = "witness" });
        (await Client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
        using (Database database = App.OpenDatabase())
            database.Execute($"DELETE FROM key_versions WHERE kid = '{kid}'").Should().Be(1);

        App.Time.OutliveCaches();

        Broken(await Client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"ML-DSA-44"}"""));
        Broken(await Client.GetJsonAsync("/kms/keys/1?algorithm=ML-DSA-44"));
        await OthersShouldWorkAsync();
    }

    // F-11, sibling of F-12: a cancelled order of destruction put back is no order.
    [Fact]
    public async Task A_cancelled_order_of_destruction_put_back_destroys_nothing()
    {
        string kid = (await Client.GenerateRetiredAsync("AES-256")).Text("kid");
        (await Client.DestroyAsync(kid)).ShouldBe(HttpStatusCode.Accepted);
        OldRow row = Save("key_versions", $"kid = '{kid}'");
        (await Client.PostJsonAsync($"/kms/keys/{kid}/actions/cancel-deletion", null)).ShouldBe(HttpStatusCode.OK);
        row.PutBack();

        (await App.SweepAfterAsync(TimeSpan.FromDays(30))).Should().Be(0);

        ShouldBeNamed(kid);
        using Database database = App.OpenDatabase();
        byte[] wrapped = (byte[])database.Scalar(
            $"SELECT wrapped FROM key_material WHERE version_id = (SELECT id FROM key_versions WHERE kid = '{kid}')")!;
        wrapped.Should().Contain(one => one != 0, "the private key is still there");
    }

    // F-11: the two rows are read in one statement. Were they not, a change in between would look like an old row.
    [Fact]
    public async Task Changes_beside_reads_raise_no_alarm()
    {
        await Client.GenerateAsync("AES-256");
        using CancellationTokenSource done = new();
        Task[] readers =
        [
            .. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                while (!done.IsCancellationRequested)
                {
                    string kid = (await Client.ActiveAsync("AES-256")).ShouldBe(HttpStatusCode.OK).Text("kid");
                    (await Client.GetJsonAsync($"/kms/keys/{kid}")).ShouldBe(HttpStatusCode.OK);
                    (await Client.GetJsonAsync("/kms/keys/1?algorithm=AES-256")).ShouldBe(HttpStatusCode.OK);
                    (await Client.GetJsonAsync("/kms/keys")).Data["unreadable"]!.AsArray().Should().BeEmpty();
                    await Client.MustUseAsync("/crypto/encrypt", new { plaintext = Message });
                }
            })),
        ];

        for (int i = 0; i < 60; i++)
            await Client.RotateAsync("AES-256");

        await done.CancelAsync();
        await Task.WhenAll(readers);
        App.Log.Lines.Should().NotContain(line => line.StartsWith("Critical ", StringComparison.Ordinal));
    }

    private async Task<string> PrepareAsync(string change)
    {
        await Client.GenerateAsync("ML-DSA-44", new { name = "witness" });
        string kid = (await Client.GenerateAsync("ML-DSA-44")).Text("kid");
        if (change is "revoke-retired" or "order" or "cancel" or "destroy")
            await Client.RotateAsync("ML-DSA-44");

        if (change is "cancel" or "destroy")
            (await Client.DestroyAsync(kid)).ShouldBe(HttpStatusCode.Accepted);

        return kid;
    }

    private async Task ChangeAsync(string change, string kid)
    {
        switch (change)
        {
            case "revoke" or "revoke-retired":
                (await Client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
                break;

            case "retire":
                await Client.RetireAsync(1, "ML-DSA-44", new { allow_no_active = true });
                break;

            case "rotate":
                await Client.RotateAsync("ML-DSA-44");
                break;

            case "order":
                (await Client.DestroyAsync(kid)).ShouldBe(HttpStatusCode.Accepted);
                break;

            case "cancel":
                (await Client.PostJsonAsync($"/kms/keys/{kid}/actions/cancel-deletion", null)).ShouldBe(HttpStatusCode.OK);
                break;

            default:
                (await App.SweepAfterAsync(TimeSpan.FromDays(30))).Should().Be(1);
                break;
        }
    }

    private async Task ShouldBeRefusedAsync(string kid, int number)
    {
        Broken(await Client.UseAsync("/signature/sign", new { message = Message, kid }));
        Broken(await Client.UseAsync("/signature/sign", new { message = Message, algorithm = "ML-DSA-44", key_version = number }));
        Broken(await Client.UseAsync("/signature/verify", new { message = Message, signature = Message, kid }));
        Broken(await Client.GetJsonAsync($"/kms/keys/{kid}"));
        Broken(await Client.GetJsonAsync($"/kms/keys/{kid}/public-key"));
        Broken(await Client.GetJsonAsync($"/kms/keys/{number}?algorithm=ML-DSA-44"));
        Answer list = (await Client.GetJsonAsync("/kms/keys?name=default")).ShouldBe(HttpStatusCode.OK);
        list.Data["unreadable"]!.AsArray().Select(unreadable => (string)unreadable!).Should().Contain(kid);
        list.Data["keys"]!.AsArray().Select(key => (string)key!["kid"]!).Should().NotContain(kid);
    }

    private async Task OthersShouldWorkAsync()
    {
        await Client.MustUseAsync("/signature/sign", new { message = Message, algorithm = "ML-DSA-44", name = "witness" });
        await Client.RotateAsync("ML-DSA-44", new { name = "witness" });
    }

    private void ShouldBeNamed(string kid) =>
        App.Log.Lines.Should().Contain(line => line.StartsWith("Critical ", StringComparison.Ordinal)
            && line.Contains($"the protection of key version {kid}", StringComparison.Ordinal));

    private OldRow Save(string table, string where) => OldRow.Of(App, table, where);

    private static void Broken(Answer answer) => answer.ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
}
