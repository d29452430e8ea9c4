WebApplication app = WebApplication.CreateSlimBuilder(args).Build();
app.Run();

/// <summary>The service's entry point; public so that the tests can host it.</summary>
public partial class Program;
