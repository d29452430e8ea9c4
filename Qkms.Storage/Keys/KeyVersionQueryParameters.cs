using Qkms.Core.Keys;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Keys;

/// <summary>The parameters of a list or a count; the SQL names those that it needs.</summary>
internal sealed class KeyVersionQueryParameters(KeyVersionQuery query)
{
    public byte[] TenantId { get; } = query.TenantId.Value.ToBytes();

    public string? Algorithm { get; } = query.Algorithm?.Name;

    public string? Name { get; } = query.Name?.Value;

    public long Now { get; } = query.Now.ToStored();

    public byte[]? Before { get; init; }

    public int Limit { get; init; }
}
