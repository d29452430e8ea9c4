using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Aliases;

/// <summary>A name of a key. It decides which key encrypts, so every column is sealed.</summary>
internal sealed record Alias : ISealedRow
{
    /// <summary>The most aliases of a key, as with AWS KMS.</summary>
    public const int MostOfKey = 50;

    /// <summary>The most aliases of a tenant.</summary>
    public const int MostOfTenant = 10_000;

    /// <inheritdoc/>
    public static string SealKind => "alias";

    /// <inheritdoc/>
    public required TenantId TenantId { get; init; }

    /// <summary>The name.</summary>
    public required AliasName Name { get; init; }

    /// <summary>The key that it names.</summary>
    public required KeyId KeyId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last given a key.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Rises with every write of the row.</summary>
    public required long RowVersion { get; init; }

    /// <inheritdoc/>
    public string LogName => NameFor(Name);

    /// <summary>How the log names an alias.</summary>
    public static string NameFor(AliasName name) => $"the alias {name}";

    void ISealedRow.WriteSealedColumns(CanonicalWriter writer) => writer
        .Add(TenantId.Value).Add(Name.Value).Add(KeyId.Value).Add(CreatedAt).Add(UpdatedAt).Add(RowVersion);
}
