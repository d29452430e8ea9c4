using Qkms.Core.Uses;

namespace Qkms.Tests.Uses;

/// <summary>
/// a result whose use is not counted is zeroed before anybody can see it. The work here gives back the bytes that it was given, and
/// spends what is left of the limit while it is done.
/// </summary>
public sealed class WithheldResultTests : ServiceTests
{
    private KeyVersion? _version;
    private Caller? _caller;

    private KeyUses Uses => App.Services.GetRequiredService<KeyUses>();

    private KeyChoice Choice => new() { Kid = _version!.Kid, DefaultAlgorithm = _version.Algorithm };

    /// <summary>A-32: one use, for which none is left any more when it is counted.</summary>
    [Fact]
    public async Task A_result_whose_use_is_refused_is_zeroed()
    {
        await PrepareAsync(limit: 1);
        byte[] secret = [1, 2, 3];

        Func<Task> use = async () => await Uses.RunAsync(_caller!, Choice, Work(spends: true), secret, CancellationToken.None);

        await ShouldBeRefusedAsync(use, KmsErrors.KeyExpired);
        secret.Should().Equal(0, 0, 0);
    }

    /// <summary>A-32: of the items of one key those within the limit are answered, and the others zeroed.</summary>
    [Fact]
    public async Task Items_beyond_the_limit_are_zeroed_and_no_others()
    {
        await PrepareAsync(limit: 2);
        byte[][] secrets = [[1], [2], [3]];

        Used<IReadOnlyList<ItemOf<byte[]>>> used =
            await Uses.RunManyAsync(_caller!, Choice, Work(), secrets, CancellationToken.None);

        secrets.Select(secret => secret[0]).Should().Equal(1, 2, 0);
        used.Result.Select(item => item.Refusal?.Error).Should().Equal(null, null, KmsErrors.KeyExpired);
        used.Result[2].Result.Should().BeNull();
        _caller!.RefusedItems.Select(item => item.Error).Should().Equal(KmsErrors.KeyExpired);
    }

    /// <summary>A-32: where no item is granted, the whole request is refused, and all of them are zeroed.</summary>
    [Fact]
    public async Task All_items_are_zeroed_when_none_is_counted()
    {
        await PrepareAsync(limit: 1);
        byte[][] secrets = [[1], [2]];

        Func<Task> use = async () => await Uses.RunManyAsync(_caller!, Choice, Work(spends: true), secrets, CancellationToken.None);

        await ShouldBeRefusedAsync(use, KmsErrors.KeyExpired);
        secrets.Should().AllSatisfy(secret => secret.Should().Equal(0));
    }

    /// <summary>A-32: items that each name their key are counted together, and those beyond the limit zeroed.</summary>
    [Fact]
    public async Task Items_of_several_keys_beyond_their_limits_are_zeroed()
    {
        await PrepareAsync(limit: 1);
        byte[][] secrets = [[1], [2]];

        IReadOnlyList<ItemOf<Used<byte[]>>> items = await RunEachAsync(secrets, afterItem: null);

        secrets.Select(secret => secret[0]).Should().Equal(1, 0);
        items.Select(item => item.Refusal?.Error).Should().Equal(null, KmsErrors.KeyExpired);
        items[1].Result.Should().BeNull();
    }

    /// <summary>A-32: a request that ends in the middle, because the service cannot go on, leaves no result of the items before.</summary>
    [Fact]
    public async Task Items_before_the_one_that_ends_the_request_are_zeroed()
    {
        await PrepareAsync(limit: 9);
        byte[][] secrets = [[1], [2], [3]];

        Func<Task> use = () => RunEachAsync(secrets, afterItem: secret =>
        {
            if (secret[0] == 2)
                throw KmsErrors.Unavailable.Refusal();
        });

        await ShouldBeRefusedAsync(use, KmsErrors.Unavailable);
        secrets[0].Should().Equal(0);
        (await Client.GetJsonAsync($"/kms/keys/{_version!.Kid}")).Number("usage_count").Should().Be(0, "nothing was answered");
    }

    private async Task PrepareAsync(int limit)
    {
        string kid = (await Client.GenerateAsync(KeyUseVerbs.Aes, new { max_usage_limit = limit })).Text("kid");
        _version = (await App.FindVersionAsync(kid)).Version;
        _caller = new Caller(_version.TenantId, default, new Access(Roles.Admin, null, null), RequestId: default);
    }

    private KeyWork<object, byte[], byte[]> Work(bool spends = false) => new()
    {
        Operation = KeyOperation.Encrypt,
        Run = (_, secret) =>
        {
            // Somebody else has the last use. The work itself waits for nothing; here it has to.
            if (spends && secret[0] == 1)
            {
                App.Services.GetRequiredService<UseRecorder>().RecordAsync(_caller!, _version!, KeyOperation.Encrypt, 1)
                    .GetAwaiter().GetResult().Granted.Should().Be(1);
            }

            return secret;
        },
    };

    private async Task<IReadOnlyList<ItemOf<Used<byte[]>>>> RunEachAsync(byte[][] secrets, Action<byte[]>? afterItem)
    {
        UseGroup together = Uses.Together(_caller!);
        return await EachItem.RunAsync(_caller!, together, secrets, async secret =>
        {
            Used<byte[]> used = await Uses.RunAsync(
                _caller!, Choice with { Together = together }, Work(), secret, CancellationToken.None);
            afterItem?.Invoke(secret);
            return used;
        });
    }

    private static async Task ShouldBeRefusedAsync(Func<Task> use, KmsError error) =>
        (await use.Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(error);
}
