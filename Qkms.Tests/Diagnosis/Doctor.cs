using Microsoft.Extensions.Configuration;
using Qkms.Api.Commands;
using Qkms.Api.Hosting;
using Qkms.Core.Diagnosis;

namespace Qkms.Tests.Diagnosis;

/// <summary>Runs <c>qkms doctor</c> in this process, on the database of a data directory.</summary>
internal sealed class Doctor(string dataDirectory)
{
    public Dictionary<string, string> Settings { get; } = [];

    public DiagnosisLimits Limits { get; init; } = new();

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What the kernel says of its clock, which differs among the machines of tests.</summary>
    public bool? IsClockKept { get; init; } = true;

    public string? RootKeyFile { get; init; }

    public async Task<IReadOnlyList<Finding>> LookAsync()
    {
        IConfiguration configuration = TestSettings.ConfigurationOf(
            dataDirectory, TestStorage.SettingsOf(dataDirectory, withRootKey: false), Settings);
        QkmsSettings settings = QkmsSettings.From(configuration);
        using RootKeyEnvironment environment = new(RootKeyFile);
        HostDiagnosis host = new(settings, configuration, Limits, Time) { IsClockKept = () => IsClockKept };
        return await DoctorCommand.LookAsync(
            settings, host, Limits, Time, environment, services => Program.AddSnapshot(services, settings));
    }

    /// <summary>The one finding of a check.</summary>
    public async Task<Finding> LookAtAsync(string check) => (await LookAsync()).Single(finding => finding.Check == check);
}
