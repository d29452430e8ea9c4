namespace Qkms.Storage.Migrations;

/// <summary>A row of <c>schema_migrations</c>.</summary>
internal sealed class AppliedMigration
{
    public int Number { get; init; }

    public string Name { get; init; } = "";

    public byte[] Sha256 { get; init; } = [];
}
