using Qkms.Core.Journal;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Journal;

/// <summary>A row of <c>audit_streams</c>.</summary>
internal sealed class JournalStreamRow
{
    /// <summary>The columns in the order in which they are read.</summary>
    public const string Columns =
        """
        tenant_id, stream, kind, node, installation_id, next_position, head_hash, first_position, first_previous_hash, created_at,
        row_version, seal, seal_key_id
        """;

    public byte[] TenantId { get; init; } = [];

    public long Stream { get; init; }

    public long Kind { get; init; }

    public string Node { get; init; } = "";

    public byte[] InstallationId { get; init; } = [];

    public long NextPosition { get; init; }

    public byte[] HeadHash { get; init; } = [];

    public long FirstPosition { get; init; }

    public byte[] FirstPreviousHash { get; init; } = [];

    public long CreatedAt { get; init; }

    public long RowVersion { get; init; }

    public byte[] Seal { get; init; } = [];

    public byte[] SealKeyId { get; init; } = [];

    public static JournalStreamRow From(Sealed<JournalStream> stored)
    {
        JournalStream stream = stored.UnverifiedRow;
        return new JournalStreamRow
        {
            TenantId = stream.TenantId.Value.ToBytes(),
            Stream = stream.Number,
            Kind = (long)stream.Kind,
            Node = stream.Node,
            InstallationId = stream.InstallationId.ToBytes(),
            NextPosition = stream.NextPosition,
            HeadHash = stream.HeadHash,
            FirstPosition = stream.FirstPosition,
            FirstPreviousHash = stream.FirstPreviousHash,
            CreatedAt = stream.CreatedAt.ToStored(),
            RowVersion = stream.RowVersion,
            Seal = StoredSeal.WithoutKeyId(stored.Seal),
            SealKeyId = StoredSeal.KeyId(stored.Seal),
        };
    }

    public Sealed<JournalStream> ToSealed()
    {
        StoredRowReader read = new();
        JournalStream stream = new()
        {
            TenantId = new TenantId(read.Id(TenantId)),
            Number = read.Number(Stream),
            Kind = (JournalStreamKind)read.Number(Kind),
            Node = Node,
            InstallationId = read.Id(InstallationId),
            NextPosition = NextPosition,
            HeadHash = HeadHash,
            FirstPosition = FirstPosition,
            FirstPreviousHash = FirstPreviousHash,
            CreatedAt = read.Time(CreatedAt),
            RowVersion = RowVersion,
        };
        return read.Seal(stream, Seal, SealKeyId);
    }
}
