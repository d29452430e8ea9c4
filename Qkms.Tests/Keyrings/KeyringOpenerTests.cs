using Qkms.Core.Sealing;

namespace Qkms.Tests.Keyrings;

public sealed partial class KeyringOpenerTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly IdGenerator _ids = new(TimeProvider.System);
    private readonly FakeKeyringStore _store = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_first_start_on_an_embedded_database_makes_root_key_master_key_and_keyring()
    {
        using Keyring keyring = NewKeyring();

        KeyringFacts facts = await OpenAsync(_store, keyring);

        facts.Should().BeEquivalentTo(new { RootKeyMade = true, RootKeyBesideData = true, RootKeySource = _folder.File("root.key") });
        _store.Wrappers
            .Should().ContainSingle().Which.Should().Match<RootWrapper>(w => w.RootKeyId == facts.RootKeyId && w.Kind == "root-key");
        _store.Entries.Select(e => e.Kind).Should().BeEquivalentTo(
            [KeyringKind.CredentialHash, KeyringKind.RowSeal, KeyringKind.Cursor, KeyringKind.Journal, KeyringKind.CredentialSecret]);
        _store.Entries.Should().OnlyContain(e => e.Version == 1 && e.TenantId == null && e.MasterKeyId == _store.Wrappers[0].MasterKeyId);
        new[] { keyring.RowSealKey, keyring.CursorKey, keyring.CredentialHashKey }
            .Select(key => Convert.ToHexString(key.Secret.Span)).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task The_second_start_opens_the_same_keys()
    {
        using Keyring first = NewKeyring();
        using Keyring second = NewKeyring();
        await OpenAsync(_store, first);

        KeyringFacts facts = await OpenAsync(_store, second);

        facts.RootKeyMade.Should().BeFalse();
        ShouldHoldTheSameKeys(first, second);
        second.CredentialHashKeys.Should().ContainSingle().Which.Id.Should().Be(first.CredentialHashKey.Id);
        second.CredentialHashKey.Secret.Span.SequenceEqual(first.CredentialHashKey.Secret.Span).Should().BeTrue();
        _store.Wrappers.Should().ContainSingle();
        _store.Entries.Should().HaveCount(5);
    }

    [Fact]
    public async Task The_first_start_uses_a_configured_root_key_and_makes_none()
    {
        using Keyring keyring = NewKeyring();
        using RootKeyEnvironment environment = new(value: Text(1));

        KeyringFacts facts = await OpenAsync(_store, keyring, environment);

        facts.Should().BeEquivalentTo(new { RootKeyMade = false, RootKeyBesideData = false, RootKeySource = "QKMS_ROOT_KEY" });
        File.Exists(_folder.File("root.key")).Should().BeFalse();
        environment.Value!.Invoking(v => v.Span.Length).Should().Throw<ObjectDisposedException>("the root key is not needed any more");
    }

    [Fact]
    public async Task A_named_root_key_inside_the_data_directory_is_reported()
    {
        using Keyring keyring = NewKeyring();
        using RootKeyEnvironment environment = new(keyFile: _folder.Write("my.key", TextOf(1)));

        (await OpenAsync(_store, keyring, environment)).RootKeyBesideData.Should().BeTrue();
    }

    [Fact]
    public async Task A_shared_database_gets_no_root_key_made_for_it()
    {
        FakeKeyringStore shared = new() { IsEmbedded = false };
        using Keyring keyring = NewKeyring();

        await OpeningShouldFail<RootKeyException>(shared, keyring, "There is no root key*QKMS_ROOT_KEY_FILE*give it to every node*");

        File.Exists(_folder.File("root.key")).Should().BeFalse();
        shared.Wrappers.Should().BeEmpty();
    }

    [Fact]
    public async Task A_lost_root_key_stops_the_start_and_is_not_replaced()
    {
        using Keyring first = NewKeyring();
        using Keyring second = NewKeyring();
        KeyringFacts facts = await OpenAsync(_store, first);
        File.Delete(_folder.File("root.key"));

        await OpeningShouldFail<RootKeyException>(_store, second, $"There is no root key*{facts.RootKeyId}*");

        File.Exists(_folder.File("root.key")).Should().BeFalse();
    }

    [Fact]
    public async Task A_wrong_root_key_is_told_with_both_key_ids()
    {
        using Keyring first = NewKeyring();
        using Keyring second = NewKeyring();
        using RootKeyEnvironment one = new(value: Text(1));
        using RootKeyEnvironment two = new(value: Text(2));
        await OpenAsync(_store, first, one);

        Exception thrown = await OpeningShouldFail<RootKeyException>(
            _store, second, "The root key does not match this database*QKMS_ROOT_KEY*", two);

        thrown.Message.Should().Contain(IdOf(1)).And.Contain(IdOf(2)).And.NotContain(TextOf(1)).And.NotContain(TextOf(2));
    }

    [Fact]
    public async Task A_changed_wrapper_stops_the_start_and_is_named()
    {
        using Keyring first = NewKeyring();
        await OpenAsync(_store, first);
        RootWrapper genuine = _store.Wrappers[0];
        RootWrapper[] forgeries =
        [
            genuine with { Wrapped = Flipped(genuine.Wrapped) },
            genuine with { MasterKeyId = _ids.Next() },
            genuine with { WrapperId = _ids.Next() },
            genuine with { Kind = "other" },
            genuine with { Parameters = "other" },
            genuine with { State = (KeyringState)2 },
            genuine with { Wrapped = [] },
        ];

        foreach (RootWrapper forged in forgeries)
        {
            _store.Wrappers[0] = forged;
            using Keyring keyring = NewKeyring();
            await OpeningShouldFail<StoreUnusableException>(
                _store, keyring, $"The wrapped master key {forged.MasterKeyId} (wrapper {forged.WrapperId}) does not open*");
        }
    }

    [Fact]
    public async Task A_wrapper_that_somebody_has_added_or_a_set_of_another_epoch_stops_the_start()
    {
        using Keyring first = NewKeyring();
        using Keyring second = NewKeyring();
        using Keyring third = NewKeyring();
        using Keyring fourth = NewKeyring();
        await OpenAsync(_store, first);
        _store.Wrappers.Insert(0, _store.Wrappers[0] with { WrapperId = _ids.Next() });
        await OpeningShouldFail<StoreUnusableException>(_store, second, "*not those of epoch 1*");
        _store.Wrappers.RemoveAt(0);

        _store.Set = _store.Set! with { Epoch = 2 };
        await OpeningShouldFail<StoreUnusableException>(_store, third, "*not those of epoch 2*");
        _store.Set = _store.Set with { Epoch = 1 };

        await OpenAsync(_store, fourth);
        ShouldHoldTheSameKeys(first, fourth);
    }

    [Fact]
    public async Task A_database_without_a_set_gets_one_for_its_only_wrapper_and_for_no_more()
    {
        using Keyring first = NewKeyring();
        using Keyring second = NewKeyring();
        using Keyring third = NewKeyring();
        await OpenAsync(_store, first);
        RootWrapperSet genuine = _store.Set!;
        _store.Set = null;
        _store.Wrappers.Add(_store.Wrappers[0] with { WrapperId = _ids.Next() });
        await OpeningShouldFail<StoreUnusableException>(_store, second, "*root_wrapper_set*");
        _store.Wrappers.RemoveAt(1);

        await OpenAsync(_store, third);

        _store.Set.Should().BeEquivalentTo(genuine);
    }

    [Theory]
    [InlineData(KeyringKind.CredentialHash, "API-key hash")]
    [InlineData(KeyringKind.RowSeal, "row-seal")]
    [InlineData(KeyringKind.Cursor, "cursor")]
    internal async Task A_changed_or_lost_system_key_stops_the_start_and_is_named(KeyringKind kind, string name)
    {
        using Keyring first = NewKeyring();
        await OpenAsync(_store, first);
        int index = _store.Entries.FindIndex(e => e.Kind == kind);
        KeyringEntry genuine = _store.Entries[index];
        KeyringEntry[] forgeries =
        [
            genuine with { Wrapped = Flipped(genuine.Wrapped) },
            genuine with { Id = _ids.Next() },
            genuine with { TenantId = new TenantId(_ids.Next()) },
            genuine with { Version = 2 },
            genuine with { MasterKeyId = _ids.Next() },
            genuine with { State = (KeyringState)2 },
            genuine with { Wrapped = _store.Entries[(index + 1) % 3].Wrapped },
        ];

        foreach (KeyringEntry forged in forgeries)
        {
            _store.Entries[index] = forged;
            using Keyring keyring = NewKeyring();
            await OpeningShouldFail<StoreUnusableException>(_store, keyring, $"The {name} key {forged.Id}*does not open*");
        }

        _store.Entries.RemoveAt(index);
        using Keyring last = NewKeyring();
        await OpeningShouldFail<StoreUnusableException>(_store, last, $"*no {name} key*");
    }

    [Fact]
    public async Task A_system_key_that_was_given_another_kind_does_not_open()
    {
        using Keyring first = NewKeyring();
        using Keyring second = NewKeyring();
        await OpenAsync(_store, first);
        KeyringEntry cursor = _store.Entries.Single(e => e.Kind == KeyringKind.Cursor);
        _store.Entries.Add(cursor with { Kind = KeyringKind.RowSeal, Version = 2 });

        await OpeningShouldFail<StoreUnusableException>(_store, second, $"The row-seal key {cursor.Id}*does not open*");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_two_nodes_that_start_at_once_the_slower_uses_the_keys_of_the_faster(bool bothFoundNothing)
    {
        FakeKeyringStore shared = new() { IsEmbedded = false };
        using Keyring faster = NewKeyring();
        using Keyring slower = NewKeyring();
        using RootKeyEnvironment forFaster = new(value: Text(1));
        using RootKeyEnvironment forSlower = new(value: Text(1));
        if (bothFoundNothing)
            shared.BesideNextWrite = () => OpenAsync(shared, faster, forFaster);
        else
            shared.BeforeNextWrite = () => OpenAsync(shared, faster, forFaster);

        await OpenAsync(shared, slower, forSlower);

        shared.Wrappers.Should().ContainSingle();
        shared.Entries.Should().HaveCount(5);
        ShouldHoldTheSameKeys(faster, slower);
    }

    [Fact]
    public async Task The_slower_node_with_another_root_key_is_refused()
    {
        FakeKeyringStore shared = new() { IsEmbedded = false };
        using Keyring faster = NewKeyring();
        using Keyring slower = NewKeyring();
        using RootKeyEnvironment forFaster = new(value: Text(1));
        using RootKeyEnvironment forSlower = new(value: Text(2));
        shared.BeforeNextWrite = () => OpenAsync(shared, faster, forFaster);

        await OpeningShouldFail<RootKeyException>(shared, slower, "The root key does not match this database*", forSlower);

        shared.Wrappers.Should().ContainSingle().Which.RootKeyId.Should().Be(IdOf(1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task A_first_start_that_fails_half_way_leaves_a_database_that_the_next_one_can_use(int failingInsert)
    {
        using Keyring failing = NewKeyring();
        using Keyring keyring = NewKeyring();
        _store.FailAtInsert = failingInsert;
        await ((Func<Task>)(() => OpenAsync(_store, failing))).Should().ThrowAsync<IOException>();
        _store.Wrappers.Should().BeEmpty();
        _store.FailAtInsert = null;

        KeyringFacts facts = await OpenAsync(_store, keyring);

        facts.RootKeyMade.Should().BeFalse("the root key of the first attempt is used");
        _store.Wrappers.Should().ContainSingle();
    }

    [Fact]
    public async Task A_database_with_data_and_without_master_key_is_not_taken_for_a_new_one()
    {
        using Keyring first = NewKeyring();
        using Keyring second = NewKeyring();
        await OpenAsync(_store, first);
        _store.Wrappers.Clear();
        await OpeningShouldFail<StoreUnusableException>(_store, second, "*no master key*");

        _store.Entries.Clear();
        _store.HasTenant = true;
        File.Delete(_folder.File("root.key"));

        await OpeningShouldFail<StoreUnusableException>(_store, second, "*no master key*");
        File.Exists(_folder.File("root.key")).Should().BeFalse();
    }

    [Fact]
    public async Task A_tenant_key_opens_for_its_tenant_and_in_its_row_only()
    {
        using Keyring keyring = NewKeyring();
        await OpenAsync(_store, keyring);
        TenantId tenant = new(_ids.Next());
        KeyringEntry entry = keyring.CreateTenantKey(tenant);
        KeyringEntry other = keyring.CreateTenantKey(new TenantId(_ids.Next()), version: 2);

        using WrappingKey key = keyring.OpenTenantKey(entry);

        key.Id.Should().Be(entry.Id);
        other.Version.Should().Be(2);
        KeyringEntry[] forgeries =
        [
            entry with { Id = other.Id },
            entry with { TenantId = other.TenantId },
            entry with { TenantId = null },
            entry with { Version = 2 },
            entry with { Kind = KeyringKind.RowSeal },
            entry with { MasterKeyId = _ids.Next() },
            entry with { Wrapped = other.Wrapped },
            entry with { Wrapped = Flipped(entry.Wrapped) },
            _store.Entries[0] with { Kind = KeyringKind.Tenant, TenantId = tenant },
        ];
        foreach (KeyringEntry forged in forgeries)
            keyring.Invoking(k => k.OpenTenantKey(forged))
                .Should().Throw<SealBrokenException>().WithMessage($"*the key of tenant {forged.TenantId}*");
    }

    [Fact]
    public async Task A_disposed_keyring_holds_no_key()
    {
        Keyring keyring = NewKeyring();
        await OpenAsync(_store, keyring);
        WrappingKey[] keys = [keyring.RowSealKey, keyring.CursorKey, keyring.CredentialHashKey];

        keyring.Dispose();

        foreach (WrappingKey key in keys)
            key.Invoking(k => k.Secret.Span.Length).Should().Throw<ObjectDisposedException>();
        keyring.Invoking(k => k.CreateTenantKey(new TenantId(_ids.Next()))).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public async Task A_keyring_is_opened_once_and_not_used_before()
    {
        using Keyring keyring = NewKeyring();
        keyring.Invoking(k => k.RowSealKey).Should().Throw<InvalidOperationException>();
        await OpenAsync(_store, keyring);

        await ((Func<Task>)(() => OpenAsync(_store, keyring))).Should().ThrowAsync<InvalidOperationException>();
    }

    private static void ShouldHoldTheSameKeys(Keyring one, Keyring other)
    {
        Describe(other).Should().Equal(Describe(one));

        static string[] Describe(Keyring keyring) =>
            [
                .. new[] { keyring.RowSealKey, keyring.CursorKey, keyring.CredentialHashKey }.Select(
                    key => $"{key.Id} {Convert.ToHexString(key.Secret.Span)}")
            ];
    }

    private static byte[] Flipped(byte[] bytes) => [.. bytes[..^1], (byte)(bytes[^1] ^ 1)];

    private static string TextOf(byte seed) => Convert.ToBase64String(SHA256.HashData([seed]));

    private static SecretBytes Text(byte seed) => SecretBytes.CopyOf(Encoding.ASCII.GetBytes(TextOf(seed)));

    private static string IdOf(byte seed)
    {
        using RootKey rootKey = new(SecretBytes.CopyOf(SHA256.HashData([seed])), "test");
        return rootKey.Id;
    }

    private Keyring NewKeyring() => new(TimeProvider.System, _ids);

    private async Task<KeyringFacts> OpenAsync(FakeKeyringStore store, Keyring keyring, RootKeyEnvironment? environment = null)
    {
        using RootKeyEnvironment none = new();
        KeyringOpener opener = Openers.For(store, store.Keyring, _ids, keyring);
        return await opener.OpenAsync(new RootKeyLocator(environment ?? none, _folder.Path), CancellationToken.None);
    }

    private async Task<Exception> OpeningShouldFail<TException>(
        FakeKeyringStore store, Keyring keyring, string message, RootKeyEnvironment? environment = null)
        where TException : Exception =>
        (await ((Func<Task>)(() => OpenAsync(store, keyring, environment))).Should().ThrowAsync<TException>().WithMessage(message)).Which;
}
