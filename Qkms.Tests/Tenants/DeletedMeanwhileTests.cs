using static Qkms.Tests.Tenants.TenantDeletionVerbs;

namespace Qkms.Tests.Tenants;

/// <summary>
/// A tenant is deleted while a request of it is under way, just before the request reads the tenant's key: zeros are there, or nothing. It
/// is refused as every request after it, and nobody is alarmed.
/// </summary>
public sealed class DeletedMeanwhileTests : ServiceTests
{
    private const string ForNew = nameof(IKeyringRepository.FindNewestTenantKeyAsync);
    private const string ForStored = nameof(IKeyringRepository.FindTenantKeyAsync);

    private readonly List<string> _gaps = [];
    private Action? _inTheGap;

    [Theory]
    [InlineData(ForNew, "/kms/keys/generate", """{"algorithm":"AES-256","name":"late"}""")]
    [InlineData(ForNew, "/kms/keys/rotate", """{"algorithm":"AES-256"}""")]
    [InlineData(ForNew, "/kms/keys/{kid}/rotations", "{}")]
    [InlineData(ForNew, "/devices/tablet/keys", """{"algorithm":"ML-KEM-768"}""")]
    [InlineData(ForStored, "/crypto/encrypt", """{"plaintext":"AAAA","name":"unused"}""")]
    [InlineData(ForStored, "/data-keys/generate", """{"name":"unused"}""")]
    public async Task It_is_refused_and_nobody_is_alarmed(string before, string path, string body)
    {
        (string id, HttpClient theirs) = await App.FurnishTenantAsync(Client, "theirs");
        string kid = (await theirs.GenerateAsync(KeyUseVerbs.Aes, new { name = "unused" })).Text("kid");

        _inTheGap = () => Task.Run(async () =>
        {
            (await Client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);
            (await App.DeleteDueAsync(Week)).Should().Be(1);
        }).GetAwaiter().GetResult();
        _gaps.Add(before);
        Answer answer = await theirs.PostJsonAsync(path.Replace("{kid}", kid, StringComparison.Ordinal), body);

        _inTheGap.Should().BeNull("the deletion was in between");
        answer.ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
        App.Log.Text.Should().NotContain("Critical ");
        using Database database = App.OpenDatabase();
        database.ShouldHoldNothingOf(id);
    }

    private protected override QkmsApplication NewApplication() => new()
    {
        KeepsHouse = false,
        FurtherServices = services => services.AddSingleton(provider =>
            RepositoryWithGap.Of(RepositoryWithGap.Of(Repositories.Keyring, ForNew, () => Once(ForNew)), ForStored, () => Once(ForStored))),
    };

    private void Once(string method)
    {
        if (_gaps.Contains(method))
            Interlocked.Exchange(ref _inTheGap, null)?.Invoke();
    }
}
