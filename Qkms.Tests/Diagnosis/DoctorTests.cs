using System.Security.Cryptography.X509Certificates;
using Qkms.Api.Commands;
using Qkms.Core.Backups;
using Qkms.Core.Diagnosis;
using Qkms.Core.Installation;
using Qkms.Tests.Backups;
using Qkms.Tests.Certificates;
using Qkms.Tests.Rotations;

namespace Qkms.Tests.Diagnosis;

/// <summary>Issue 16, 3: each check of <c>qkms doctor</c> turns with its fault, and none without.</summary>
public sealed class DoctorTests : ServiceTests, IDisposable
{
    // The way to the database and back counts as a difference of the clocks, and takes seconds on a machine that does much else.
    private static readonly DiagnosisLimits _unhurried = new() { ClockWarning = TimeSpan.FromMinutes(1) };

    private readonly TemporaryDirectory _directory = new();
    private readonly string _data;
    private readonly string _rootKey;

    public DoctorTests()
    {
        _data = Directory.CreateDirectory(_directory.File("data")).FullName;
        _rootKey = _directory.File("root.key");
    }

    public void Dispose() => _directory.Dispose();

    private protected override QkmsApplication NewApplication() => new(_data);

    [Fact]
    public async Task An_installation_in_order_is_fine_beside_the_service_and_nothing_is_written()
    {
        await PrepareAsync();
        string[] before = [.. Directory.GetFiles(_data).Order(StringComparer.Ordinal)];

        IReadOnlyList<Finding> findings = await Fine().LookAsync();

        DoctorCommand.ToText(findings).Should().NotContain("WARNING").And.NotContain("FAILURE");
        findings.Select(finding => finding.Check).Should().Equal(Checks.All);
        Findings.WorstOf(findings).Should().Be(Severity.Fine);
        Directory.GetFiles(_data).Order(StringComparer.Ordinal).Should().Equal(before);
        (await Client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_stopped_service_is_looked_at_too()
    {
        await PrepareAsync();
        await App.DisposeAsync();

        Findings.WorstOf(await Fine().LookAsync()).Should().Be(Severity.Fine);
    }

    [Fact]
    public async Task Root_key_beside_the_data_none_and_another_one()
    {
        await PrepareAsync();
        File.Copy(_rootKey, Path.Combine(_data, "root.key"));
        Should(await new Doctor(_data).LookAtAsync(Checks.RootKey), Severity.Warning, "in the data directory");

        File.Delete(Path.Combine(_data, "root.key"));
        Should(await new Doctor(_data).LookAtAsync(Checks.RootKey), Severity.Failure, "There is none");

        string other = _directory.File("other.key");
        await File.WriteAllTextAsync(other, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        Close(other);
        Should(await new Doctor(_data) { RootKeyFile = other }.LookAtAsync(Checks.RootKey), Severity.Failure, "does not open this");

        await File.WriteAllTextAsync(other, "");
        Should(await new Doctor(_data) { RootKeyFile = other }.LookAtAsync(Checks.RootKey), Severity.Failure, "is empty");
    }

    [Fact]
    public async Task Files_that_others_may_read_or_write_and_the_first_API_key()
    {
        await PrepareAsync();
        if (OperatingSystem.IsWindows())
            return;

        string file = Path.Combine(_data, InitialApiKeyFile.Name);
        await File.WriteAllTextAsync(file, "x");
        Close(file);
        Should(await Fine().LookAtAsync(Checks.Files), Severity.Warning, "first API key");

        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Should(await Fine().LookAtAsync(Checks.Files), Severity.Warning, "Others may read");

        UnixFileMode mode = File.GetUnixFileMode(_data);
        File.SetUnixFileMode(_data, mode | UnixFileMode.OtherWrite);
        Should(await Fine().LookAtAsync(Checks.Files), Severity.Failure, "can be written by other users");
        File.SetUnixFileMode(_data, mode);
    }

    [Fact]
    public async Task A_schema_that_is_not_this_release_and_no_database()
    {
        await PrepareAsync();
        await App.DisposeAsync();
        using (Database database = TestStorage.OpenUntouched(_data))
            database.Execute("CREATE INDEX planted ON key_versions (kid)");

        IReadOnlyList<Finding> findings = await Fine().LookAsync();
        Should(findings.Single(finding => finding.Check == Checks.Database), Severity.Failure, "planted");
        Findings.WorstOf(findings).Should().Be(Severity.Failure);
        DoctorCommand.ToText(findings).Should().Contain("FAILURE  database").And.Contain(" -> ");
        using JsonDocument json = JsonDocument.Parse(DoctorCommand.ToJson(findings));
        json.RootElement.GetProperty("status").GetString().Should().Be("failure");
    }

    [Fact]
    public async Task A_clock_that_nobody_keeps_is_behind_or_is_not_the_server_s()
    {
        await PrepareAsync();
        Doctor unkept = new(_data) { RootKeyFile = _rootKey, IsClockKept = false };
        Should(await unkept.LookAtAsync(Checks.Clock), Severity.Warning, "keeps");

        if (TestStorage.IsPostgres)
        {
            Should(await At(TimeSpan.FromSeconds(10)).LookAtAsync(Checks.Clock), Severity.Warning, "server's");
            Should(await At(TimeSpan.FromMinutes(5)).LookAtAsync(Checks.Clock), Severity.Failure, "server's");
        }

        long hour = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 3600;
        using (Database database = App.OpenDatabase())
            database.Execute($"INSERT INTO observed_hours (hour) VALUES ({hour + 3})");

        Should(await Fine().LookAtAsync(Checks.Clock), Severity.Failure, "The clock is behind");
    }

    [FactIf(Requirement.SmallDisk)]
    public async Task A_disk_that_fills()
    {
        using SmallDisk disk = new(megabytes: 200);
        Directory.CreateDirectory(Path.Combine(disk.Path, "data"));
        Doctor doctor = new(Path.Combine(disk.Path, "data"));

        Should(await doctor.LookAtAsync(Checks.Disk), Severity.Warning, "MB left");
        disk.Fill();
        Should(await doctor.LookAtAsync(Checks.Disk), Severity.Failure, "has 0 MB left");
    }

    [Fact]
    public async Task A_log_that_is_not_given_back()
    {
        await PrepareAsync();
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one", name = "orders" });
        if (!TestStorage.IsPostgres)
        {
            Should(await Fine(new DiagnosisLimits { LogWarning = 1 }).LookAtAsync(Checks.Log), Severity.Warning, "write-ahead log");
            Should(await Fine(new DiagnosisLimits { LogFailure = 1 }).LookAtAsync(Checks.Log), Severity.Failure, "write-ahead log");
            return;
        }

        using Database database = App.OpenDatabase();
        database.Execute("BEGIN");
        database.Scalar("SELECT COUNT(*) FROM key_versions");
        await Eventually.HoldsAsync(async () =>
            (await Fine(new DiagnosisLimits { TransactionWarning = TimeSpan.FromSeconds(1) }).LookAtAsync(Checks.Log)).Severity
                == Severity.Warning);
        database.Execute("ROLLBACK");
    }

    [Fact]
    public async Task A_backup_that_is_old_missing_damaged_or_of_another_installation()
    {
        await PrepareAsync();
        string note = Path.Combine(_data, LastBackup.FileName);
        Should(await At(TimeSpan.FromDays(8)).LookAtAsync(Checks.Backup), Severity.Warning, "8 days old");

        LastBackup noted = LastBackup.Read(_data)!;
        (noted with { InstallationId = Guid.Empty }).Write(_data);
        Should(await Fine().LookAtAsync(Checks.Backup), Severity.Warning, "another installation");

        foreach (string damaged in new[] { "", "{", "[]", "{\"made_at\":1}", "{}", new string('x', 20_000) })
        {
            await File.WriteAllTextAsync(note, damaged);
            Should(await Fine().LookAtAsync(Checks.Backup), Severity.Warning, "note");
        }

        File.Delete(note);
        Should(await Fine().LookAtAsync(Checks.Backup), Severity.Warning, "No 'qkms backup'");
    }

    [Fact]
    public async Task A_backup_that_cannot_be_noted_is_made()
    {
        await PrepareAsync();
        File.Delete(Path.Combine(_data, LastBackup.FileName));
        Directory.CreateDirectory(Path.Combine(_data, LastBackup.FileName, "in the way"));

        await BackupCommands.BackUpAsync(_data, _directory.File("two.qkms"));

        File.Exists(_directory.File("two.qkms")).Should().BeTrue();
        Should(await Fine().LookAtAsync(Checks.Backup), Severity.Warning, LastBackup.FileName);
    }

    [Fact]
    public async Task Certificates_that_expire_have_expired_or_cannot_be_read()
    {
        await PrepareAsync();
        foreach ((double days, Severity severity) in new[] { (90.0, Severity.Fine), (13, Severity.Warning), (-1, Severity.Failure) })
        {
            using X509Certificate2 certificate = TestCertificates.Make(days);
            certificate.Write(_directory, "tls");
            Should(await WithCertificate().LookAtAsync(Checks.Certificates), severity, "certificate");
        }

        File.Delete(_directory.File("tls.key"));
        Should(await WithCertificate().LookAtAsync(Checks.Certificates), Severity.Failure, "does not exist");

        Doctor WithCertificate()
        {
            Doctor doctor = Fine();
            doctor.Settings["Kestrel:Certificates:Default:Path"] = _directory.File("tls.pem");
            doctor.Settings["Kestrel:Certificates:Default:KeyPath"] = _directory.File("tls.key");
            return doctor;
        }
    }

    [Fact]
    public async Task API_keys_that_end_jobs_that_are_late_or_failed_and_broken_seals()
    {
        await PrepareAsync();
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one", name = "orders" });
        await Client.ScheduleAsync("one", App.InHours(1));
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        long hour = 3_600_000;

        Run($"UPDATE rotation_jobs SET next_attempt_at = {now - (2 * hour)}");
        Should(await Fine().LookAtAsync(Checks.Jobs), Severity.Failure, "1 rotation jobs are due");
        Run($"UPDATE rotation_jobs SET state = 4, next_attempt_at = NULL, finished_at = {now - hour}");
        Should(await Fine().LookAtAsync(Checks.Jobs), Severity.Warning, "1 rotation jobs failed");

        Run($"UPDATE credentials SET expires_at = {now + (24 * hour)} WHERE state = 1");
        Should(await Fine().LookAtAsync(Checks.ApiKeys), Severity.Warning, "end within 14 days");

        Run("UPDATE audit_events SET action = 'integrity.failed' WHERE kid = 'one' AND stream = 1");
        Should(await Fine().LookAtAsync(Checks.Integrity), Severity.Failure, "alarms of broken seals");

        void Run(string sql)
        {
            using Database database = App.OpenDatabase();
            database.Execute(sql).Should().BePositive(sql);
        }
    }

    [Fact]
    public void Findings_are_in_the_order_of_the_checks_and_the_worst_is_the_exit_code()
    {
        Finding[] found =
        [
            Finding.Fine(Checks.Clock, "a"), Finding.Warn(Checks.Clock, "b", "c"), Finding.Fine(Checks.RootKey, "d"),
            Finding.Fine(Checks.Backup, "e"),
        ];

        IReadOnlyList<Finding> ordered = Findings.Order(found, Finding.Warn(Checks.Backup, "f", "g"));

        ordered.Select(finding => finding.What).Should().Equal("d", "b", "f");
        Findings.WorstOf(ordered).Should().Be(Severity.Warning);
        Findings.WorstOf([.. ordered, Finding.Fail(Checks.Disk, "h", "i")]).Should().Be(Severity.Failure);
    }

    private static void Should(Finding finding, Severity severity, string what)
    {
        finding.Severity.Should().Be(severity, finding.What);
        finding.What.Should().Contain(what);
        (finding.Repair is null).Should().Be(severity == Severity.Fine, "who finds something says what to do");
    }

    private static void Close(string file)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private Doctor Fine(DiagnosisLimits? limits = null) =>
        new(_data) { RootKeyFile = _rootKey, Limits = limits ?? _unhurried };

    private Doctor At(TimeSpan later)
    {
        ManualTime time = ManualTime.Running();
        time.ShiftWallClock(later);
        return new Doctor(_data) { RootKeyFile = _rootKey, Time = time };
    }

    /// <summary>A running service, its root key apart, its first API key taken away, and a backup.</summary>
    private async Task PrepareAsync()
    {
        _ = Client;
        File.Move(Path.Combine(_data, "root.key"), _rootKey);
        File.Delete(Path.Combine(_data, InitialApiKeyFile.Name));
        await BackupCommands.BackUpAsync(_data, _directory.File("one.qkms"));
    }
}
