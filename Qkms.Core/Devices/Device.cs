using System.Globalization;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Devices;

/// <summary>
/// A device that has keys, and when they were generated: what a limit of generations in a day is counted by. Who makes a key of a device
/// holds this row first.
/// </summary>
internal sealed record Device : ISealedRow
{
    /// <summary>The time in which generations are counted: any 24 hours.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(24);

    private const char Separator = ',';

    /// <inheritdoc/>
    public static string SealKind => "device";

    /// <inheritdoc/>
    public required TenantId TenantId { get; init; }

    /// <summary>Its id.</summary>
    public required DeviceId Id { get; init; }

    /// <summary>
    /// When its keys were generated, oldest first, in UTC milliseconds separated by commas: those of the last 24 hours, and always the
    /// newest. They never fall.
    /// </summary>
    public required string Generations { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Rises with every write of the row.</summary>
    public required long RowVersion { get; init; }

    /// <inheritdoc/>
    public string LogName => $"device {Id} of tenant {TenantId}";

    /// <summary>When its newest key was generated.</summary>
    public DateTimeOffset NewestGeneration => GenerationTimes[^1];

    private DateTimeOffset[] GenerationTimes =>
    [
        .. Generations.Split(Separator)
            .Select(text => DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture))),
    ];

    /// <summary>
    /// The time of a generation that is made now: no earlier than the one before, so that a clock that was set back gives no further key.
    /// </summary>
    public DateTimeOffset NextGeneration(DateTimeOffset now) => now > NewestGeneration ? now : NewestGeneration;

    /// <summary>How long to wait for the next generation; null when one may be made now.</summary>
    /// <param name="limit">The most generations in any 24 hours.</param>
    /// <param name="now">The time.</param>
    public TimeSpan? WaitFor(int limit, DateTimeOffset now)
    {
        DateTimeOffset[] counted = InWindow(NextGeneration(now));
        return counted.Length < limit ? null : counted[^limit] + Window - now;
    }

    /// <summary>The device after another generation.</summary>
    public Device With(DateTimeOffset generation) => this with
    {
        Generations = Text([.. InWindow(generation), generation]),
        RowVersion = RowVersion + 1,
    };

    /// <summary>A device with its first generation.</summary>
    public static Device New(TenantId tenantId, DeviceId id, DateTimeOffset generation) => new()
    {
        TenantId = tenantId,
        Id = id,
        Generations = Text([generation]),
        CreatedAt = generation,
        RowVersion = 1,
    };

    void ISealedRow.WriteSealedColumns(CanonicalWriter writer) =>
        writer.Add(TenantId.Value).Add(Id.Value).Add(Generations).Add(CreatedAt).Add(RowVersion);

    // One that is exactly as old as the window is out of it.
    private DateTimeOffset[] InWindow(DateTimeOffset now) => Array.FindAll(GenerationTimes, time => time > now - Window);

    private static string Text(DateTimeOffset[] times) => string.Join(
        Separator, times.Select(time => time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)));
}

/// <summary>How many devices a tenant has: what its plan limits is counted by.</summary>
internal sealed record DeviceCount : ISealedRow
{
    /// <inheritdoc/>
    public static string SealKind => "device-count";

    /// <inheritdoc/>
    public required TenantId TenantId { get; init; }

    /// <summary>Devices with a key that is not destroyed.</summary>
    public required long Devices { get; init; }

    /// <summary>Rises with every write of the row.</summary>
    public required long RowVersion { get; init; }

    /// <inheritdoc/>
    public string LogName => $"the number of devices of tenant {TenantId}";

    /// <summary>The count before the first device.</summary>
    public static DeviceCount NoneOf(TenantId tenantId) => new() { TenantId = tenantId, Devices = 0, RowVersion = 1 };

    /// <summary>The count after devices came or went.</summary>
    public DeviceCount Plus(int devices) => this with { Devices = Devices + devices, RowVersion = RowVersion + 1 };

    void ISealedRow.WriteSealedColumns(CanonicalWriter writer) => writer.Add(TenantId.Value).Add(Devices).Add(RowVersion);
}
