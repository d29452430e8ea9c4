using Qkms.Core.Aliases;
using Qkms.Core.Sealing;
using Qkms.Core.Tags;

namespace Qkms.Tests.Keyrings;

/// <summary>Every column of the rows of aliases and tags is edited here and refused.</summary>
public sealed class NameSealTests : IDisposable
{
    private static readonly Alias _someAlias = new()
    {
        TenantId = new TenantId(Samples.Id(2)),
        Name = AliasName.FromStored("alias/orders"),
        KeyId = new KeyId(Samples.Id(3)),
        CreatedAt = Samples.Time,
        UpdatedAt = Samples.Time,
        RowVersion = 2,
    };

    private static readonly RowEdits<Alias> _alias = new(_someAlias, Unsealed: [])
    {
        ["TenantId"] = [r => r with { TenantId = new TenantId(Samples.Id(99)) }],
        ["Name"] = [r => r with { Name = AliasName.FromStored("alias/order") }],
        ["KeyId"] = [r => r with { KeyId = new KeyId(Samples.Id(99)) }],
        ["CreatedAt"] = [r => r with { CreatedAt = Samples.Time.AddMilliseconds(1) }],
        ["UpdatedAt"] = [r => r with { UpdatedAt = Samples.Time.AddMilliseconds(1) }],
        ["RowVersion"] = [r => r with { RowVersion = 1 }],
    };

    private static readonly RowEdits<KeyTags> _tags = new(
        KeyTags.NoneOf(new TenantId(Samples.Id(2)), new KeyId(Samples.Id(3))) with { Text = """{"a":"b"}""" }, Unsealed: [])
    {
        ["TenantId"] = [r => r with { TenantId = new TenantId(Samples.Id(99)) }],
        ["KeyId"] = [r => r with { KeyId = new KeyId(Samples.Id(99)) }],
        ["Text"] = [r => r with { Text = "{}" }, r => r with { Text = """{"a":"c"}""" }],
        ["RowVersion"] = [r => r with { RowVersion = 1 }],
    };

    private readonly Keyring _keyring = new(TimeProvider.System, new IdGenerator(TimeProvider.System));
    private readonly RowSealer _sealer;

    public NameSealTests()
    {
        WrappingKey key = Samples.WrappingKey("0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f506");
        _keyring.Install(new KeyringKeys(key, [key], [key], [key], [key], [key]));
        _sealer = new RowSealer(_keyring);
    }

    public void Dispose() => _keyring.Dispose();

    [Fact]
    public void Every_sealed_column_of_an_alias_is_held() => _alias.ShouldAllBeRefused(_sealer);

    [Fact]
    public void Every_sealed_column_of_the_tags_of_a_key_is_held() => _tags.ShouldAllBeRefused(_sealer);
}
